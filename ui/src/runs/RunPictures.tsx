import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useCallback, useMemo } from "react";
import { type AnalysisState, analysisState } from "@/analysis/state";
import type { RunMessage } from "@/api/endpoints";
import type { ChartRun } from "@/charts/ChartGrid";
import { metricKeys } from "@/charts/queries";
import { type ChartState, chartState } from "@/charts/state";
import { part } from "@/shell/stale";
import { keyOf } from "./branches";
import type { RunsSearch } from "./search";
import { idOf, nameOf, textOf } from "./values";

const ChartGrid = lazy(() =>
  part(import("@/charts/ChartGrid")).then((module) => ({ default: module.ChartGrid })),
);
const Analysis = lazy(() =>
  part(import("@/analysis/Analysis")).then((module) => ({ default: module.Analysis })),
);

/** Without a selection, pictures are of so many runs. */
const MOST_RUNS = 100;
const NO_KEYS: string[] = [];

interface Props {
  experimentId: string;
  runs: RunMessage[];
  /** They were selected, one by one. */
  selected: boolean;
  /** Which ones were isn't known yet. */
  waiting: boolean;
  group: string[];
  search: RunsSearch;
  onChange: (next: Partial<RunsSearch>, replace?: boolean) => void;
  /** The runs to choose from. */
  children: ReactNode;
}

/** Pictures of the selected runs, else of the first ones, beside their names. */
export function RunPictures({ children, waiting, ...given }: Props) {
  const loading = <p className="empty soft">Loading…</p>;
  return (
    <div className="runs-split">
      <div className="runs-side">{children}</div>
      <div className="runs-pictures">
        <Suspense fallback={loading}>
          {waiting ? (
            loading
          ) : given.search.view === "analysis" ? (
            <RunAnalysis {...given} />
          ) : (
            <RunCharts {...given} />
          )}
        </Suspense>
      </div>
    </div>
  );
}

type Given = Omit<Props, "children" | "waiting">;

function RunCharts({ experimentId, runs, group, search, onChange }: Given) {
  const live = useMemo(() => [experimentId], [experimentId]);
  // The same runs while nothing of them that is drawn is different: their metrics change all the time.
  const text = JSON.stringify(runs.slice(0, MOST_RUNS).map((run) => chartRun(run, group)));
  const drawn = useMemo(() => JSON.parse(text) as ChartRun[], [text]);
  const runIds = drawn.map((run) => run.runId);
  const keys = useQuery(metricKeys(live, runIds)).data ?? NO_KEYS;
  const state = useMemo(() => chartState(search.charts), [search.charts]);
  const onState = useCallback((next: ChartState) => onChange({ charts: next }, true), [onChange]);
  return <ChartGrid runs={drawn} keys={keys} state={state} onState={onState} live={live} />;
}

function RunAnalysis({ experimentId, runs, selected, search, onChange }: Given) {
  const state = useMemo(() => analysisState(search.analysis), [search.analysis]);
  const onState = useCallback((next: AnalysisState) => onChange({ analysis: next }, true), [onChange]);
  const shown = useMemo(() => runs.slice(0, MOST_RUNS), [runs]);
  return (
    <Analysis
      experimentId={experimentId}
      runs={selected ? runs : shown}
      selected={selected}
      filter={search.filter ?? ""}
      deleted={search.deleted}
      state={state}
      onState={onState}
    />
  );
}

function chartRun(run: RunMessage, group: string[]): ChartRun {
  return {
    runId: idOf(run),
    name: nameOf(run),
    startTime: run.info.start_time,
    group: group.length > 0 ? groupName(run, group) : undefined,
  };
}

const groupName = (run: RunMessage, group: string[]): string =>
  group
    .map((id) => {
      const { part, key } = keyOf(id);
      return `${key} ${textOf(run, part, key) ?? "not set"}`;
    })
    .join(", ");
