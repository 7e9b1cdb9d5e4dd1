import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ModelVersionMessage, RunMessage } from "@/api/endpoints";
import { Preview } from "@/artifacts/Preview";
import { idOf } from "@/runs/values";
import { Versions } from "./LoggedModel";
import { RegisterDialog } from "./RegisterDialog";

/** A model among the run's own files, as MLflow 2 logged them. */
export function ModelFolder({
  folder,
  run,
  versions,
}: {
  folder: string;
  run: RunMessage;
  versions: ModelVersionMessage[];
}) {
  const [registering, setRegistering] = useState(false);
  const runId = idOf(run);
  return (
    <section className="logged-model" aria-label={folder}>
      <div className="toolbar">
        <h2>{folder}</h2>
        <Versions versions={versions.filter((each) => each.source?.endsWith(`/${folder}`))} />
        <span className="rest" />
        <Link to="." search={{ tab: "artifacts", path: folder } as never} className="button">
          Files
        </Link>
        <button type="button" className="button" onClick={() => setRegistering(true)}>
          Register
        </button>
      </div>
      <Preview root={{ runId }} path={`${folder}/MLmodel`} />
      {registering && (
        <RegisterDialog
          source={`runs:/${runId}/${folder}`}
          runId={runId}
          suggested=""
          onClose={() => setRegistering(false)}
        />
      )}
    </section>
  );
}
