import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { MetricCharts } from "@/charts/MetricCharts";
import { Crumbs } from "@/parts/Crumbs";
import { Facts } from "@/parts/Facts";
import { Problem } from "@/parts/Problem";
import { exactTime } from "@/parts/times";
import { runOf } from "@/runs/queries";
import { durationText, metricText } from "@/runs/values";
import "./run.css";

const HIDDEN_TAGS = "mlflow.";

export function RunPage() {
  const { experimentId, runId } = useParams({ from: "/experiments/$experimentId/runs/$runId" });
  const found = useQuery(runOf(runId));
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  const run = found.data?.run;
  if (!run) return <p className="empty soft">Loading…</p>;
  const { info, data } = run;
  const metrics = [...(data?.metrics ?? [])].sort((a, b) => (a.key ?? "").localeCompare(b.key ?? ""));
  const tags = (data?.tags ?? []).filter((tag) => !tag.key?.startsWith(HIDDEN_TAGS));
  return (
    <div className="page">
      <Crumbs title={info.run_name || runId}>
        <Link to="/">Experiments</Link>
        <Link to="/experiments/$experimentId" params={{ experimentId }}>
          Runs
        </Link>
      </Crumbs>
      <Facts
        facts={[
          ["Status", info.status],
          ["Started", exactTime(info.start_time)],
          ["Duration", durationText(run)],
          ["User", info.user_id],
          ["Id", info.run_id],
        ]}
      />
      <div className="run-parts">
        <Pairs title="Params" rows={(data?.params ?? []).map((each) => [each.key ?? "", each.value ?? ""])} />
        <Pairs
          title="Metrics"
          rows={metrics.map((each) => [each.key ?? "", metricText(each.value)])}
          numeric
        />
        {tags.length > 0 && (
          <Pairs title="Tags" rows={tags.map((each) => [each.key ?? "", each.value ?? ""])} />
        )}
      </div>
      <MetricCharts runIds={[runId]} keys={metrics.map((each) => each.key ?? "")} />
    </div>
  );
}

function Pairs({
  title,
  rows,
  numeric = false,
}: {
  title: string;
  rows: [string, string][];
  numeric?: boolean;
}) {
  return (
    <section className="pairs">
      <h2>
        {title} <span className="soft">{rows.length}</span>
      </h2>
      <table>
        <tbody>
          {rows.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td className={numeric ? "numeric" : ""}>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
