import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Chip } from "@/parts/Chip";
import { ago } from "@/parts/times";
import { metricOf, metricText, textOf } from "@/runs/values";
import { monitoringOf } from "./queries";

/** What `headrace monitor` found of this version last; nothing where nobody looks. */
export function Monitoring({ name, version }: { name: string; version: string }) {
  const found = useQuery(monitoringOf(name, version));
  const run = found.data;
  if (!run?.info.run_id || !run.info.experiment_id) return null;
  const state = textOf(run, "tags", "headrace.monitoring.state");
  return (
    <section aria-label="Monitoring">
      <h2>Monitoring</h2>
      <p>
        <Chip tone={state === "drift" ? "danger" : "good"}>{state === "drift" ? "drift" : "quiet"}</Chip>{" "}
        {metricText(metricOf(run, "requests"))} requests, {metricText(metricOf(run, "alarms"))} alarms, looked
        at {ago(run.info.end_time)}.{" "}
        <Link
          to="/experiments/$experimentId/runs/$runId"
          params={{ experimentId: run.info.experiment_id, runId: run.info.run_id }}
        >
          What was found
        </Link>
      </p>
    </section>
  );
}
