import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Crumbs } from "@/parts/Crumbs";
import { copyText } from "@/parts/clipboard";
import { Markdown } from "@/parts/Markdown";
import { Menu } from "@/parts/Menu";
import { tell } from "@/parts/Toasts";
import { experimentOf } from "@/runs/queries";
import { useCommand } from "@/shell/commands";
import { type Change, ChangeDialog } from "./ChangeDialog";
import { firstLine } from "./notes";
import { noteOf } from "./queries";
import "./experiments.css";

/** Where one is, what the experiment is about, and what can be done with it. */
export function ExperimentHead({ experimentId }: { experimentId: string }) {
  const navigate = useNavigate();
  const [change, setChange] = useState<Change | null>(null);
  const asked = useQuery(experimentOf(experimentId));
  const experiment = asked.data?.experiment;
  const note = noteOf(experiment);
  const deleted = experiment?.lifecycle_stage === "deleted";
  const edit = () => experiment && setChange({ kind: "edit", experiment, note });
  useCommand(
    experiment && !deleted ? { id: "edit-experiment", title: "Edit this experiment", act: edit } : null,
  );
  const copy = async (text: string, what: string) => {
    await copyText(text);
    tell(`The ${what} is on the clipboard.`);
  };
  return (
    <div className="experiment-head">
      <div className="experiment-line">
        <Crumbs title={experiment?.name ?? (asked.error ? `Experiment ${experimentId}` : "")}>
          <Link to="/">Experiments</Link>
        </Crumbs>
        {experiment && (
          <Menu
            label="More for this experiment"
            button={<span aria-hidden="true">⋯</span>}
            className="icon-button"
            items={[
              { title: "Copy id", act: () => void copy(experimentId, "id") },
              {
                title: "Copy place of artifacts",
                act: () => void copy(experiment.artifact_location ?? "", "place of artifacts"),
              },
              "-",
              ...(deleted
                ? [{ title: "Restore…", act: () => setChange({ kind: "restore", experiment }) }]
                : [
                    { title: note ? "Edit…" : "Edit, describe…", act: edit },
                    { title: "Delete…", act: () => setChange({ kind: "delete", experiment }), danger: true },
                  ]),
            ]}
          />
        )}
      </div>
      {deleted && (
        <p className="experiment-deleted">
          This experiment is deleted; nothing can be logged to it.{" "}
          <button
            type="button"
            className="quiet"
            onClick={() => experiment && setChange({ kind: "restore", experiment })}
          >
            Restore
          </button>
        </p>
      )}
      {note && (
        <details className="experiment-note">
          <summary className="soft">
            <span>{firstLine(note) || "Description"}</span>
          </summary>
          <Markdown text={note} />
        </details>
      )}
      {change && (
        <ChangeDialog
          change={change}
          onClose={(done) => {
            setChange(null);
            if (done && change.kind === "delete") void navigate({ to: "/" });
          }}
        />
      )}
    </div>
  );
}
