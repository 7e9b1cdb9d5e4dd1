import type { VirtualItem } from "@tanstack/react-virtual";
import type { RunMessage } from "@/api/endpoints";
import { RunName } from "./RunName";

/** A run's column head: its name, whether the others are held against it, and the way out. */
export function RunHead({
  run,
  column,
  baseline,
  only,
  onBaseline,
  onRemove,
}: {
  run: RunMessage;
  column: VirtualItem;
  baseline: boolean;
  only: boolean;
  onBaseline: (runId: string | undefined) => void;
  onRemove: (runId: string) => void;
}) {
  const { run_id: runId = "", run_name: name } = run.info;
  const shown = name || runId;
  return (
    <div
      className={baseline ? "compare-run baseline" : "compare-run"}
      role="columnheader"
      aria-colindex={column.index + 2}
      style={{ left: column.start, width: column.size }}
    >
      <RunName run={run} />
      <div className="compare-run-acts">
        <button
          type="button"
          className={baseline ? "quiet chosen" : "quiet"}
          aria-pressed={baseline}
          aria-label={`${shown} is the baseline`}
          title={baseline ? "No baseline" : "Hold the others against this run"}
          onClick={() => onBaseline(baseline ? undefined : runId)}
        >
          {baseline ? "★ baseline" : "☆ baseline"}
        </button>
        {!only && (
          <button
            type="button"
            className="quiet"
            aria-label={`Take ${shown} out`}
            title="Take it out of the comparison"
            onClick={() => onRemove(runId)}
          >
            ×
          </button>
        )}
      </div>
    </div>
  );
}
