/** Which requests answer what charts want: many series in one, never series that would coarsen each other. */

import type { Series } from "./series";

export interface Wanted {
  runId: string;
  key: string;
  axis: "step" | "time";
  /** Both included; unset = open. */
  start?: number;
  end?: number;
  /** Only what lies from here on is answered, in buckets of its own, and the total of all. */
  since?: number;
  buckets: number;
  /** Open ranges are cut into buckets from the first to the last x of a request; this one shares them with nothing. */
  alone?: "key" | "run" | "both";
}

export interface ChartRequest {
  run_ids: string[];
  keys: string[];
  x_axis: "step" | "time";
  start?: number;
  end?: number;
  /** Of each key of the first run, then of the next. */
  since?: number[];
  buckets: number;
}

/** A request, and what of its answer somebody waits for. */
export interface Job<W extends Wanted> {
  request: ChartRequest;
  wanted: W[];
}

/** Below the server's 1,000: the first charts are drawn while the server still reads the others. */
const MOST_SERIES = 100;

export function jobsFor<W extends Wanted>(wanted: Iterable<W>): Job<W>[] {
  const groups = new Map<string, Map<string, W[]>>();
  for (const each of wanted) {
    const name = JSON.stringify([
      each.axis,
      each.start,
      each.end,
      each.since !== undefined,
      each.buckets,
      each.alone === "key" || each.alone === "both" ? each.key : "",
      each.alone === "run" || each.alone === "both" ? each.runId : "",
    ]);
    let keys = groups.get(name);
    if (!keys) {
      keys = new Map();
      groups.set(name, keys);
    }
    const ofKey = keys.get(each.key);
    if (ofKey) ofKey.push(each);
    else keys.set(each.key, [each]);
  }
  return [...groups.values()].flatMap((keys) => products(keys).flatMap(sized));
}

/** Keys that are wanted of the same runs go together. */
function products<W extends Wanted>(keys: Map<string, W[]>): W[][][] {
  const byRuns = new Map<string, W[][]>();
  for (const ofKey of keys.values()) {
    const runs = ofKey.map((each) => each.runId).join();
    const product = byRuns.get(runs);
    if (product) product.push(ofKey);
    else byRuns.set(runs, [ofKey]);
  }
  return [...byRuns.values()];
}

/** product: a list of the same runs for each key. */
function sized<W extends Wanted>(product: W[][]): Job<W>[] {
  const runs = product[0]?.length ?? 0;
  const jobs: Job<W>[] = [];
  for (const keys of pieces(product, Math.max(1, Math.floor(MOST_SERIES / runs))))
    for (let at = 0; at < runs; at += MOST_SERIES) {
      const wanted = keys.flatMap((ofKey) => ofKey.slice(at, at + MOST_SERIES));
      const [first] = wanted;
      if (first) jobs.push({ request: requestOf(first, wanted), wanted });
    }
  return jobs;
}

function requestOf(first: Wanted, wanted: Wanted[]): ChartRequest {
  const runIds = [...new Set(wanted.map((each) => each.runId))];
  const keys = [...new Set(wanted.map((each) => each.key))];
  const since = new Map(wanted.map((each) => [`${each.runId} ${each.key}`, each.since ?? 0]));
  return {
    run_ids: runIds,
    keys,
    x_axis: first.axis,
    start: first.start,
    end: first.end,
    since:
      first.since === undefined
        ? undefined
        : runIds.flatMap((runId) => keys.map((key) => since.get(`${runId} ${key}`) ?? 0)),
    buckets: first.buckets,
  };
}

function pieces<T>(items: T[], most: number): T[][] {
  const found: T[][] = [];
  for (let at = 0; at < items.length; at += most) found.push(items.slice(at, at + most));
  return found;
}

/**
 * Keys whose series got too few buckets because another key's in the same request reach much further: they are asked for
 * again, alone.
 */
export function coarsened(answer: Series[]): Set<string> {
  const spans = new Map<string, [number, number]>();
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const losing = new Set<string>();
  for (const each of answer) {
    const n = each.x.length;
    if (n === 0) continue;
    if (each.total > n) losing.add(each.key);
    const first = Math.min(each.x[0] as number, each.minimumX[0] as number, each.maximumX[0] as number);
    const last = each.x[n - 1] as number;
    const span = spans.get(each.key);
    spans.set(each.key, span ? [Math.min(span[0], first), Math.max(span[1], last)] : [first, last]);
    low = Math.min(low, first);
    high = Math.max(high, last);
  }
  return new Set(
    [...losing].filter((key) => {
      const [first, last] = spans.get(key) as [number, number];
      return 2 * (last - first) < high - low;
    }),
  );
}
