import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { ApiError } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import { Problem } from "@/parts/Problem";
import { TabPanel, Tabs } from "@/parts/Tabs";
import { runOf } from "@/runs/queries";
import { DeletedBanner } from "./DeletedBanner";
import { metricKeys, sortedTags } from "./facts";
import { Overview } from "./Overview";
import { RunHead } from "./RunHead";
import type { RunTab } from "./search";
import { TABS } from "./tabs";
import { useRunLive } from "./useRunLive";
import "./run.css";

/** Everything about one run: what it was, what it measured, what it left. */
export function RunPage() {
  const { experimentId, runId } = useParams({ from: "/experiments/$experimentId/runs/$runId" });
  const { tab = "overview" } = useSearch({ from: "/experiments/$experimentId/runs/$runId" });
  const found = useQuery(runOf(runId));
  useRunLive(experimentId, runId);
  const run = found.data?.run;
  if (!run && found.error) return <NoRun error={found.error} retry={() => found.refetch()} />;
  if (!run) return <p className="empty soft">Loading…</p>;
  const Shown = tab === "overview" ? Overview : TABS[tab];
  return (
    <div className="page run-page">
      <RunHead run={run} />
      {run.info.lifecycle_stage === "deleted" && <DeletedBanner run={run} />}
      {found.error && <Problem error={found.error} retry={() => found.refetch()} />}
      <Tabs label="Parts of the run" tabs={titled(run)} chosen={tab} drops={["path", "find"]} />
      <TabPanel id={tab}>
        <Shown run={run} />
      </TabPanel>
    </div>
  );
}

/** A run that was never there, or was removed for good, is another thing than a server that doesn't answer. */
function NoRun({ error, retry }: { error: Error; retry: () => void }) {
  const { experimentId, runId } = useParams({ from: "/experiments/$experimentId/runs/$runId" });
  if (!(error instanceof ApiError && error.status === 404)) return <Problem error={error} retry={retry} />;
  return (
    <div className="empty">
      <h1>There is no such run</h1>
      <p className="soft">
        <code>{runId}</code> isn't here: it was removed for good, or the address is of another server.
      </p>
      <p>
        <Link to="/experiments/$experimentId" params={{ experimentId }}>
          The runs of this experiment
        </Link>
      </p>
    </div>
  );
}

function titled(run: RunMessage): { id: RunTab; title: string; count?: number }[] {
  const { own, system } = metricKeys(run);
  const models = run.outputs?.model_outputs?.length;
  return [
    { id: "overview", title: "Overview" },
    { id: "charts", title: "Charts" },
    { id: "metrics", title: "Metrics", count: own.length },
    { id: "system", title: "System", count: system.length || undefined },
    { id: "params", title: "Params", count: run.data?.params?.length ?? 0 },
    { id: "tags", title: "Tags", count: sortedTags(run).own.length },
    { id: "datasets", title: "Datasets", count: run.inputs?.dataset_inputs?.length || undefined },
    { id: "models", title: "Models", count: models || undefined },
    { id: "logs", title: "Logs" },
    { id: "artifacts", title: "Artifacts" },
  ];
}
