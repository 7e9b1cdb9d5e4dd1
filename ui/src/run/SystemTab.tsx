import type { RunMessage } from "@/api/endpoints";
import { MetricCharts } from "@/charts/MetricCharts";
import { Snippet } from "@/parts/Snippet";
import { idOf } from "@/runs/values";
import { metricKeys } from "./facts";

/** What was measured of the machine while the run went on. */
export default function SystemTab({ run }: { run: RunMessage }) {
  const { system } = metricKeys(run);
  if (system.length > 0) return <MetricCharts runIds={[idOf(run)]} keys={system} />;
  return (
    <div className="empty">
      <p>Nothing was measured of the machine. Runs that start after this line are:</p>
      <Snippet label="Python" code="mlflow.enable_system_metrics_logging()" />
    </div>
  );
}
