import { memo } from "react";
import type { MetricSummaryMessage, RunGroupMessage, RunMessage } from "@/api/endpoints";
import type { Column } from "../columns";
import { durationText, isRunning, metricText } from "../values";
import { useNow } from "./clock";

const RANGE_DIGITS = 3;
const SIGNS: Record<string, string> = {
  RUNNING: "●",
  FINISHED: "✓",
  FAILED: "✕",
  KILLED: "■",
  SCHEDULED: "○",
};

/** What stands in a cell of a run. Plain text wherever it can be: cells are what scrolling makes most of. */
export function cellContent(run: RunMessage, column: Column) {
  if (column.id === "status") return <Status status={run.info.status ?? ""} />;
  if (column.id === "duration" && isRunning(run)) return <Lasting run={run} />;
  return column.text(run);
}

const Status = memo(function Status({ status }: { status: string }) {
  if (!status) return null;
  return (
    <span className="run-status" data-status={status.toLowerCase()}>
      <span aria-hidden="true">{SIGNS[status] ?? "·"}</span>
      {status.charAt(0) + status.slice(1).toLowerCase()}
    </span>
  );
});

/** Ticks by itself; the row around it stays as it is. */
function Lasting({ run }: { run: RunMessage }) {
  return <>{durationText(run, Math.max(useNow(), run.info.start_time ?? 0))}</>;
}

export function groupContent(group: RunGroupMessage | undefined, column: Column) {
  const summary = column.part === "metrics" ? group?.metrics?.[column.key] : undefined;
  return summary && <Summary summary={summary} />;
}

function Summary({ summary }: { summary: MetricSummaryMessage }) {
  const { mean, minimum, maximum } = summary;
  if (mean === undefined) return <span className="soft">no numbers</span>;
  return (
    <span className="group-summary">
      <span>{metricText(mean)}</span>
      <small>
        {metricText(minimum, RANGE_DIGITS)} – {metricText(maximum, RANGE_DIGITS)}
      </small>
    </span>
  );
}
