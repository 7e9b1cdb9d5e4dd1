import type { RunMessage } from "@/api/endpoints";
import { MetricCharts } from "@/charts/MetricCharts";
import { idOf } from "@/runs/values";
import { metricKeys } from "./facts";

export default function ChartsTab({ run }: { run: RunMessage }) {
  return <MetricCharts runIds={[idOf(run)]} keys={metricKeys(run).own} />;
}
