import { Link } from "@tanstack/react-router";
import type { RunMessage } from "@/api/endpoints";
import { colourOf } from "@/charts/colours";

/** A run's name in its colour's company. */
export function RunName({ run }: { run: RunMessage }) {
  const { run_id: runId = "", run_name: name, experiment_id: experimentId = "" } = run.info;
  return (
    <div className="compare-run-name">
      <span className="dot" style={{ background: colourOf(runId) }} aria-hidden="true" />
      <Link to="/experiments/$experimentId/runs/$runId" params={{ experimentId, runId }} title={name}>
        {name || runId}
      </Link>
    </div>
  );
}
