/** Which columns the runs of an experiment have until somebody chooses others: metrics, and params that tell them apart. */

import type { RunMessage } from "@/api/endpoints";
import { columnId } from "./columns";
import { metricOf, textOf } from "./values";

const MOST_METRICS = 3;
const MOST_KEYS = 5;
const SYSTEM = "system/";
/** Longer values are texts or whole settings, which say little in a column. */
const LONG_CHARS = 40;

export const BASIC = ["status", "start", "duration"];

/** sample: some of the newest runs with all of `metrics` and `params`, which are keys that they may have. */
export function firstColumns(sample: RunMessage[], metrics: string[], params: string[]): string[] {
  const measured = metrics
    .filter((key) => !key.startsWith(SYSTEM))
    .map((key) => ({ key, values: sample.map((run) => metricOf(run, key)) }))
    .map(({ key, values }) => ({ key, ...spread(values) }))
    .filter(({ count }) => count > 0 || sample.length === 0)
    .sort(
      (a, b) => Number(b.kinds > 1) - Number(a.kinds > 1) || b.count - a.count || a.key.length - b.key.length,
    );
  const told = params
    .map((key) => ({ key, values: sample.map((run) => textOf(run, "params", key)) }))
    .filter(({ values }) => values.every((value) => (value?.length ?? 0) <= LONG_CHARS))
    .map(({ key, values }) => ({ key, ...spread(values) }))
    .filter(({ kinds, count }) => kinds > 1 || (kinds === 1 && count < sample.length && count > 0))
    .sort(
      (a, b) =>
        Number(b.kinds > 1) - Number(a.kinds > 1) ||
        b.count - a.count ||
        a.kinds - b.kinds ||
        a.key.localeCompare(b.key),
    );
  const chosenParams = told.slice(0, Math.max(MOST_KEYS - MOST_METRICS, MOST_KEYS - measured.length));
  const chosenMetrics = measured.slice(0, MOST_KEYS - chosenParams.length);
  return [
    "status",
    "start",
    ...chosenMetrics.map(({ key }) => columnId("metrics", key)),
    ...chosenParams.map(({ key }) => columnId("params", key)),
    "duration",
  ];
}

/** How many runs have a value, and how many different ones there are. */
function spread(values: (string | number | undefined)[]): { count: number; kinds: number } {
  const there = values.filter((value) => value !== undefined);
  return { count: there.length, kinds: new Set(there).size };
}
