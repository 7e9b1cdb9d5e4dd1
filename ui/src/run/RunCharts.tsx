import { useMemo } from "react";
import type { RunMessage } from "@/api/endpoints";
import { ChartGrid } from "@/charts/ChartGrid";
import type { ChartState } from "@/charts/state";
import { idOf, nameOf } from "@/runs/values";

/** Charts of one run, which grow while it goes on. */
export default function RunCharts({
  run,
  keys,
  state,
  onState,
}: {
  run: RunMessage;
  keys: string[];
  state: ChartState;
  onState: (next: ChartState) => void;
}) {
  const [runId, name, startTime] = [idOf(run), nameOf(run), run.info.start_time];
  const runs = useMemo(() => [{ runId, name, startTime }], [runId, name, startTime]);
  const joined = keys.join("\n");
  const kept = useMemo(() => (joined ? joined.split("\n") : []), [joined]);
  const live = useMemo(() => [run.info.experiment_id ?? ""], [run.info.experiment_id]);
  return <ChartGrid runs={runs} keys={kept} state={state} onState={onState} live={live} />;
}
