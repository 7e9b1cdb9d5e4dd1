import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { address, send } from "@/api/call";
import { Problem } from "@/parts/Problem";
import { MEDIA_TYPE, unpackChart } from "./packed";
import "./charts.css";

const Plot = lazy(() => import("./Plot"));
const MOST = 24;
const BUCKETS = 400;

/** A chart for each metric. */
export function MetricCharts({ runIds, keys }: { runIds: string[]; keys: string[] }) {
  const shown = keys.slice(0, MOST);
  const found = useQuery({
    queryKey: ["charts", runIds, shown],
    enabled: shown.length > 0,
    queryFn: async ({ signal }) => {
      const answer = await send(address("/ajax-api/1.0/headrace/metrics/chart"), {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: MEDIA_TYPE },
        body: JSON.stringify({ run_ids: runIds, keys: shown, buckets: BUCKETS }),
        signal,
      });
      return unpackChart(await answer.arrayBuffer());
    },
  });
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  return (
    <section aria-label="Charts" className="charts">
      <Suspense>
        {shown.map((key) => {
          const series = found.data?.filter((each) => each.key === key && each.total > 1) ?? [];
          return series.length > 0 && <Plot key={key} title={key} series={series} />;
        })}
      </Suspense>
    </section>
  );
}
