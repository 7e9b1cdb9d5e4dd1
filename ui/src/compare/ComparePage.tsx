import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { analysisState } from "@/analysis/state";
import type { RunMessage } from "@/api/endpoints";
import { useChanges } from "@/live/useChanges";
import { Crumbs } from "@/parts/Crumbs";
import { Problem } from "@/parts/Problem";
import { TabPanel, Tabs } from "@/parts/Tabs";
import { experimentOf } from "@/runs/queries";
import { part } from "@/shell/stale";
import { Absent } from "./Absent";
import { comparedRuns, refreshed } from "./queries";
import { type CompareSearch, runIdsOf } from "./search";
import { ValuesView } from "./ValuesView";
import "./compare.css";

const ChartsView = lazy(() => part(import("./ChartsView")));
const Analysis = lazy(() =>
  part(import("@/analysis/Analysis")).then((found) => ({ default: found.Analysis })),
);
const ArtifactsView = lazy(() => part(import("./ArtifactsView")));
const ImagesView = lazy(() => part(import("./ImagesView")));

const TABS = [
  { id: "values", title: "Values" },
  { id: "charts", title: "Charts" },
  { id: "analysis", title: "Analysis" },
  { id: "artifacts", title: "Artifacts" },
  { id: "images", title: "Images" },
];
const NO_RUNS: RunMessage[] = [];
const FROM = "/experiments/$experimentId/compare";

export function ComparePage() {
  const { experimentId } = useParams({ from: FROM });
  const search = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const queries = useQueryClient();
  const runIds = runIdsOf(search);
  const found = useQuery(comparedRuns(experimentId, runIds));
  const experiment = useQuery(experimentOf(experimentId));
  const runs = found.data?.runs ?? NO_RUNS;
  const experimentIds = useMemo(
    () => [...new Set([experimentId, ...runs.map((run) => run.info.experiment_id ?? experimentId)])],
    [experimentId, runs],
  );
  useChanges(experimentIds, (changed) => {
    const here = changed.filter((id) => runIds.includes(id));
    if (here.length > 0) void refreshed(queries, experimentId, runIds, here);
  });
  const change = useCallback(
    (next: Partial<CompareSearch>) => {
      void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
    },
    [navigate],
  );
  const view = search.view ?? "values";

  return (
    <div className="compare-page">
      <div className="compare-top">
        <Crumbs title="Compare">
          <Link to="/">Experiments</Link>
          <Link to="/experiments/$experimentId" params={{ experimentId }}>
            {experiment.data?.experiment?.name ?? "Runs"}
          </Link>
        </Crumbs>
        <Tabs label="What is compared" param="view" tabs={TABS} chosen={view} />
      </div>
      {found.data && (
        <Absent
          compared={found.data}
          onForget={(gone) => change({ runs: runIds.filter((id) => !gone.includes(id)).join() })}
        />
      )}
      {found.error && <Problem error={found.error} retry={() => found.refetch()} />}
      {runIds.length === 0 && (
        <p className="empty soft">
          No runs are chosen. Select some in{" "}
          <Link to="/experiments/$experimentId" params={{ experimentId }}>
            the table of runs
          </Link>{" "}
          and press Compare.
        </p>
      )}
      {found.isPending && runIds.length > 0 && <p className="empty soft">Loading…</p>}
      {runs.length > 0 && (
        <TabPanel id={view} param="view">
          <Suspense fallback={<p className="empty soft">Loading…</p>}>
            {view === "values" && <ValuesView runs={runs} search={search} onChange={change} />}
            {view === "charts" && (
              <ChartsView experimentIds={experimentIds} runs={runs} search={search} onChange={change} />
            )}
            {view === "analysis" && (
              <Analysis
                experimentId={experimentId}
                runs={runs}
                state={analysisState(search.analysis)}
                onState={(analysis) => change({ analysis })}
              />
            )}
            {view === "artifacts" && <ArtifactsView runs={runs} search={search} onChange={change} />}
            {view === "images" && <ImagesView runs={runs} search={search} onChange={change} />}
          </Suspense>
        </TabPanel>
      )}
    </div>
  );
}
