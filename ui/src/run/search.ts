/** What of a run's page is in its address. */

import { type ChartState, chartState } from "@/charts/state";

export const RUN_TABS = [
  "overview",
  "charts",
  "metrics",
  "system",
  "params",
  "tags",
  "datasets",
  "models",
  "logs",
  "artifacts",
] as const;

export type RunTab = (typeof RUN_TABS)[number];

export interface RunSearch {
  tab?: RunTab;
  /** Of the artifact, or of the log, that is shown. */
  path?: string;
  /** What a table's keys or values, or a log's lines, are searched for. */
  find?: string;
  charts?: ChartState;
}

const text = (given: unknown): string | undefined =>
  given === undefined || given === null || given === "" ? undefined : String(given);

export function runSearch(given: Record<string, unknown>): RunSearch {
  const charts = chartState(given.charts);
  return {
    tab: RUN_TABS.find((each) => each === given.tab && each !== "overview"),
    path: text(given.path),
    find: text(given.find),
    charts: Object.keys(charts).length > 0 ? charts : undefined,
  };
}
