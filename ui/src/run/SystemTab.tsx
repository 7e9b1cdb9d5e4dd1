import type { RunMessage } from "@/api/endpoints";
import { Snippet } from "@/parts/Snippet";
import { metricKeys } from "./facts";
import RunCharts from "./RunCharts";
import { useRunSearch } from "./useRunSearch";

/** What was measured of the machine while the run went on: over time, unless the address says otherwise. */
export default function SystemTab({ run }: { run: RunMessage }) {
  const [search, change] = useRunSearch();
  const { system } = metricKeys(run);
  if (system.length > 0)
    return (
      <RunCharts
        run={run}
        keys={system}
        state={search.charts ?? { x: "time" }}
        onState={(charts) => change({ charts })}
      />
    );
  return (
    <div className="empty">
      <p>Nothing was measured of the machine. Runs that start after this line are:</p>
      <Snippet label="Python" code="mlflow.enable_system_metrics_logging()" />
    </div>
  );
}
