import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { MetricMessage, RunMessage } from "@/api/endpoints";
import { Snippet } from "@/parts/Snippet";
import { ago, exactTime } from "@/parts/times";
import { idOf, metricText } from "@/runs/values";
import { FindField, holds } from "./FindField";
import { SYSTEM } from "./facts";
import { type Extent, extentsOf } from "./queries";
import { useRunSearch } from "./useRunSearch";
import { VirtualTable } from "./VirtualTable";

const BLOCK = 100;

/** The last value of each metric, beside the least and the greatest; those are asked for of rows that are seen. */
export default function MetricsTab({ run }: { run: RunMessage }) {
  const [search] = useRunSearch();
  const [first, setFirst] = useState(0);
  const all = (run.data?.metrics ?? [])
    .filter((metric) => !metric.key.startsWith(SYSTEM))
    .sort((one, other) => one.key.localeCompare(other.key));
  const rows = all.filter((metric) => holds(search.find, metric.key));
  const start = Math.max(0, Math.floor(first / BLOCK) * BLOCK - BLOCK / 2);
  const extents = useQuery(
    extentsOf(
      idOf(run),
      rows.slice(start, start + 2 * BLOCK).map((metric) => metric.key),
    ),
  );
  if (all.length === 0) return <NoMetrics />;
  const extent = (metric: MetricMessage): Extent | undefined => extents.data?.get(metric.key);
  return (
    <>
      <FindField label="Find metrics by name" />
      <VirtualTable
        label="Metrics"
        rows={rows}
        keyOf={(metric) => metric.key}
        onShown={setFirst}
        columns={[
          {
            title: "Metric",
            cell: ({ key }) => (
              <Link to="." search={{ tab: "charts", charts: { large: key } } as never} title="To its chart">
                {key}
              </Link>
            ),
          },
          { title: "Last", width: "14%", numeric: true, cell: ({ value }) => metricText(value) },
          { title: "Step", width: "11%", numeric: true, cell: ({ step = 0 }) => step.toLocaleString("en") },
          {
            title: "Minimum",
            width: "14%",
            numeric: true,
            cell: (metric) => metricText(extent(metric)?.minimum),
          },
          {
            title: "Maximum",
            width: "14%",
            numeric: true,
            cell: (metric) => metricText(extent(metric)?.maximum),
          },
          {
            title: "Points",
            width: "10%",
            numeric: true,
            cell: (metric) => extent(metric)?.points.toLocaleString("en") ?? "",
          },
          {
            title: "Logged",
            width: "14%",
            cell: ({ timestamp }) => (
              <span className="soft" title={exactTime(timestamp)}>
                {ago(timestamp)}
              </span>
            ),
          },
        ]}
      />
    </>
  );
}

function NoMetrics() {
  return (
    <div className="empty">
      <p>No metrics were logged to this run. One point of one:</p>
      <Snippet label="Python" code={'mlflow.log_metric("loss", 0.42, step=1)'} />
    </div>
  );
}
