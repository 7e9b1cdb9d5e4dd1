import { lazy, Suspense, useState } from "react";
import type { RunMessage } from "@/api/endpoints";
import { Dialog } from "@/parts/Dialog";
import { part } from "@/shell/stale";
import type { Row } from "./rows";

const TextDifference = lazy(() => part(import("./TextDifference")));

/** A long value whole, or two of them held against each other. */
export function ReadDialog({
  row,
  runs,
  at,
  against,
  onClose,
}: {
  row: Row;
  runs: RunMessage[];
  /** Places of the run that was pressed, and of the one to hold it against. */
  at: number;
  against?: number;
  onClose: () => void;
}) {
  const [right, setRight] = useState(at);
  const [left, setLeft] = useState(against === at ? undefined : against);
  const value = row.values[right];
  return (
    <Dialog wide title={row.key} onClose={onClose}>
      <div className="read-choice">
        <RunChoice label="Run" runs={runs} chosen={right} onChoose={(next) => setRight(next ?? at)} />
        <RunChoice label="Against" none="nothing" runs={runs} chosen={left} onChoose={setLeft} />
      </div>
      {left === undefined || left === right ? (
        <pre className="read-text">{value ?? "This run has none."}</pre>
      ) : (
        <Suspense fallback={<p className="soft">Comparing…</p>}>
          <TextDifference before={row.values[left] ?? ""} after={value ?? ""} />
        </Suspense>
      )}
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

/** The choice of a run among those compared. */
export function RunChoice({
  label,
  runs,
  chosen,
  none,
  onChoose,
}: {
  label: string;
  runs: RunMessage[];
  chosen: number | undefined;
  /** What choosing no run is called, where that can be chosen. */
  none?: string;
  onChoose: (at: number | undefined) => void;
}) {
  return (
    <label className="run-choice">
      <span className="soft">{label}</span>
      <select
        value={chosen ?? ""}
        onChange={(event) => onChoose(event.target.value === "" ? undefined : Number(event.target.value))}
      >
        {none && <option value="">{none}</option>}
        {runs.map((run, at) => (
          <option key={run.info.run_id} value={at}>
            {run.info.run_name || run.info.run_id}
          </option>
        ))}
      </select>
    </label>
  );
}
