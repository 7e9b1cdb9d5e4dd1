import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useCallback, useMemo } from "react";
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

/** Without a selection, pictures are of so many runs. */
const MOST_RUNS = 100;
const NO_KEYS: string[] = [];

interface Props {
  experimentId: string;
  runs: RunMessage[];
  group: string[];
  search: RunsSearch;
  onChange: (next: Partial<RunsSearch>, replace?: boolean) => void;
  /** The runs to choose from. */
  children: ReactNode;
}

/** Pictures of the selected runs, else of the first ones, beside their names. */
export function RunPictures({ experimentId, runs, group, search, onChange, children }: Props) {
  const live = useMemo(() => [experimentId], [experimentId]);
  const keys = useQuery(metricKeys(live)).data ?? NO_KEYS;
  const drawn = useMemo(() => runs.slice(0, MOST_RUNS).map((run) => chartRun(run, group)), [runs, group]);
  const state = useMemo(() => chartState(search.charts), [search.charts]);
  const onState = useCallback((next: ChartState) => onChange({ charts: next }, true), [onChange]);
  return (
    <div className="runs-split">
      <div className="runs-side">{children}</div>
      <div className="runs-pictures">
        <Suspense fallback={<p className="empty soft">Loading…</p>}>
          <ChartGrid runs={drawn} keys={keys} state={state} onState={onState} live={live} />
        </Suspense>
      </div>
    </div>
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
