import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { call } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import { copyText } from "@/parts/clipboard";
import { counted } from "@/parts/counts";
import { Dialog } from "@/parts/Dialog";
import { download, fileName } from "@/parts/download";
import { Menu } from "@/parts/Menu";
import { tell } from "@/parts/Toasts";
import type { Asked } from "../queries";
import { MOST_IN_ADDRESS, type Select } from "../selection";
import { idOf, nameOf } from "../values";
import { each } from "./each";
import { exportRuns } from "./exportRuns";
import { TagDialog } from "./TagDialog";
import { useWork } from "./useWork";
import { WorkDialog } from "./WorkDialog";
import "./bulk.css";

interface Props {
  asked: Asked;
  columns: string[];
  /** Of the selected runs, those that match. */
  runs: RunMessage[];
  total: number | undefined;
  name: string;
  onSelect: Select;
  onChanged: (ids: string[]) => Promise<void>;
}

type Question = "tag" | "delete" | "restore";

/** What can be done with the selected runs, and with all of them: files. */
export function BulkBar({ asked, columns, runs, total, name, onSelect, onChanged }: Props) {
  const [question, setQuestion] = useState<Question | null>(null);
  const work = useWork();
  const count = runs.length;
  const { experimentId } = asked;

  const forEach = async (title: string, done: string, act: (runId: string) => Promise<unknown>) => {
    setQuestion(null);
    const outcome = await work.run(title, count, (progress, signal) =>
      each(runs, nameOf, (run) => act(idOf(run)), progress, signal),
    );
    if (!outcome) return;
    if (outcome.done > 0) tell(`${counted(outcome.done, "run")} ${done}.`);
    void onChanged(runs.map(idOf));
    // What is done is done; what failed stays selected.
    if (question !== "tag") onSelect(new Set(outcome.failures.map(({ one }) => (one ? idOf(one) : ""))));
  };
  const exportThem = async (ids: string[] | undefined) => {
    const all = ids?.length ?? total;
    const file = await work.run("Writing the file", all, (progress, signal) =>
      exportRuns(asked, columns, ids, progress, signal),
    );
    if (file) download(file, fileName(name || "runs", "csv"));
  };
  const copy = async () => {
    try {
      await copyText(runs.map(idOf).join("\n"));
      tell(`${counted(count, "id")} copied.`);
    } catch (error) {
      tell((error as Error).message, "failed");
    }
  };
  const confirming = question === "delete" || question === "restore";
  return (
    <div className="bulk">
      {count > 0 && (
        <>
          <span className="bulk-count">
            <span>{count.toLocaleString("en")} selected</span>
            {count > MOST_IN_ADDRESS && (
              <span
                className="soft"
                title={`The address of the page keeps up to ${MOST_IN_ADDRESS} selected runs.`}
              >
                (not in the address)
              </span>
            )}
            <button
              type="button"
              className="quiet"
              aria-label="Clear the selection"
              title="Escape"
              onClick={() => onSelect(new Set())}
            >
              ×
            </button>
          </span>
          <Link
            className={count > 1 ? "button" : "button off"}
            to="/experiments/$experimentId/compare"
            params={{ experimentId }}
            search={{ runs: runs.slice(0, MOST_IN_ADDRESS).map(idOf).join(",") }}
            disabled={count < 2}
            title={compareHint(count)}
          >
            Compare
          </Link>
          <button type="button" className="button" onClick={() => setQuestion("tag")}>
            Tag
          </button>
          {asked.deleted ? (
            <button type="button" className="button" onClick={() => setQuestion("restore")}>
              Restore
            </button>
          ) : (
            <button type="button" className="button danger" onClick={() => setQuestion("delete")}>
              Delete
            </button>
          )}
        </>
      )}
      <Menu
        label="Export"
        button={<span aria-hidden="true">⋯</span>}
        className="button"
        items={[
          {
            title: "CSV of all runs that match",
            act: () => void exportThem(undefined),
            disabled: total === 0,
          },
          {
            title: "CSV of the selected runs",
            act: () => void exportThem(runs.map(idOf)),
            disabled: count === 0,
          },
          { title: "Copy ids of the selected runs", act: () => void copy(), disabled: count === 0 },
        ]}
      />
      {question === "tag" && (
        <TagDialog
          count={count}
          onClose={() => setQuestion(null)}
          onTag={(key, value) =>
            void forEach("Setting the tag", "tagged", (runId) =>
              call("runs.set-tag", { run_id: runId, key, value }),
            )
          }
        />
      )}
      {confirming && (
        <Dialog
          title={`${question === "delete" ? "Delete" : "Restore"} ${counted(count, "run")}?`}
          onClose={() => setQuestion(null)}
        >
          {question === "delete" && <p>Deleted runs can be restored: look for them by “Deleted”.</p>}
          <div className="actions">
            <button type="button" className="button" onClick={() => setQuestion(null)}>
              Cancel
            </button>
            <button
              type="button"
              className={question === "delete" ? "button danger" : "button main"}
              onClick={() =>
                question === "delete"
                  ? void forEach("Deleting", "deleted", (runId) => call("runs.delete", { run_id: runId }))
                  : void forEach("Restoring", "restored", (runId) => call("runs.restore", { run_id: runId }))
              }
            >
              {question === "delete" ? "Delete" : "Restore"}
            </button>
          </div>
        </Dialog>
      )}
      <WorkDialog work={work} />
    </div>
  );
}

function compareHint(count: number): string | undefined {
  if (count < 2) return "Select two runs or more";
  return count > MOST_IN_ADDRESS ? `The first ${MOST_IN_ADDRESS} of them` : undefined;
}
