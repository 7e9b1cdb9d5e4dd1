import { useMemo } from "react";
import { ChartGrid } from "@/charts/ChartGrid";
import { chartState } from "@/charts/state";
import type { ViewProps } from "./ValuesView";

/** All metrics of the runs, their lines over each other. */
export default function ChartsView({
  experimentIds,
  runs,
  search,
  onChange,
}: ViewProps & { experimentIds: string[] }) {
  const shown = useMemo(
    () =>
      runs.map((run) => ({
        runId: run.info.run_id ?? "",
        name: run.info.run_name || run.info.run_id || "",
        startTime: run.info.start_time,
      })),
    [runs],
  );
  const keys = useMemo(
    () => [...new Set(runs.flatMap((run) => (run.data?.metrics ?? []).map((each) => each.key)))].sort(),
    [runs],
  );
  const state = useMemo(() => chartState(search.charts), [search.charts]);
  if (keys.length === 0) return <p className="empty soft">None of these runs has logged a metric.</p>;
  return (
    <div className="charts-view">
      <ChartGrid
        runs={shown}
        keys={keys}
        state={state}
        onState={(charts) => onChange({ charts })}
        live={experimentIds}
      />
    </div>
  );
}
