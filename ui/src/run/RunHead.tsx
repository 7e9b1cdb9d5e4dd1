import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { RunMessage } from "@/api/endpoints";
import { Chip } from "@/parts/Chip";
import { Crumbs } from "@/parts/Crumbs";
import { copyAndTell } from "@/parts/clipboard";
import { Menu } from "@/parts/Menu";
import { experimentOf } from "@/runs/queries";
import { idOf, nameOf } from "@/runs/values";
import { useCommand } from "@/shell/commands";
import { RunDialog, type RunDialogKind } from "./RunDialog";

const TONES: Record<string, "good" | "danger" | "warning" | "accent"> = {
  FINISHED: "good",
  FAILED: "danger",
  KILLED: "warning",
  RUNNING: "accent",
  SCHEDULED: "accent",
};

/** Where the run is, how it stands, and what can be done with it. */
export function RunHead({ run }: { run: RunMessage }) {
  const [dialog, setDialog] = useState<RunDialogKind | null>(null);
  const experimentId = run.info.experiment_id ?? "";
  const experiment = useQuery(experimentOf(experimentId));
  const deleted = run.info.lifecycle_stage === "deleted";
  const copy = (text: string) => copyAndTell(text, `Copied: ${text}`);
  useCommand({ id: "run-rename", title: "Rename this run", act: () => setDialog("rename") });
  useCommand({ id: "run-copy-id", title: "Copy this run's id", act: () => copy(idOf(run)) });
  useCommand(deleted ? null : { id: "run-delete", title: "Delete this run", act: () => setDialog("delete") });
  const status = run.info.status ?? "";
  return (
    <div className="run-head">
      <Crumbs title={nameOf(run)}>
        <Link to="/">Experiments</Link>
        <Link to="/experiments/$experimentId" params={{ experimentId }}>
          {experiment.data?.experiment.name ?? "Runs"}
        </Link>
      </Crumbs>
      <Chip tone={TONES[status]}>{status.toLowerCase()}</Chip>
      <span className="space" />
      <Menu
        label="Actions of this run"
        button="Actions"
        items={[
          { title: "Rename", act: () => setDialog("rename") },
          { title: "Copy id", act: () => copy(idOf(run)) },
          { title: "Copy artifact location", act: () => copy(run.info.artifact_uri ?? "") },
          "-",
          deleted
            ? { title: "Restore", act: () => setDialog("restore") }
            : { title: "Delete", act: () => setDialog("delete"), danger: true },
        ]}
      />
      {dialog && <RunDialog kind={dialog} run={run} onClose={() => setDialog(null)} />}
    </div>
  );
}
