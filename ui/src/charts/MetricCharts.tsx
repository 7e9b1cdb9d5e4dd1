import { useMemo, useState } from "react";
import { ChartGrid } from "./ChartGrid";
import type { ChartState } from "./state";

const NONE: string[] = [];

/** A chart for each metric. */
export function MetricCharts({ runIds, keys }: { runIds: string[]; keys: string[] }) {
  const [state, setState] = useState<ChartState>({});
  const runs = useMemo(() => runIds.map((runId) => ({ runId, name: runId.slice(0, 8) })), [runIds]);
  return <ChartGrid runs={runs} keys={keys} state={state} onState={setState} live={NONE} />;
}
