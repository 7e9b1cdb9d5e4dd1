/** Series that grow: only what came is fetched and joined, and what grew too fine is put into wider buckets. */

import { COLUMNS, columnsOf, placeOf, type Series } from "./series";

/** From where to ask for what came: the last bucket may have got more points, those before it are over. */
export function tailStart(series: Series): number | undefined {
  const n = series.x.length;
  return n < 2 ? undefined : (series.x[n - 2] as number) + 1;
}

/**
 * What is known below `since`, where a bucket begins, then the tail: every point from there on, and how many there are
 * of the whole range. undefined: they aren't as many as were known and came, so what lies below changed (late points, a
 * rewind) and has to be fetched again.
 */
export function withTail(known: Series, tail: Series | undefined, since: number): Series | undefined {
  const cut = placeOf(known.x, since);
  if (!tail || tail.total - known.total !== countFrom(tail, 0) - countFrom(known, cut)) return undefined;
  const joined = columnsOf(cut + tail.x.length);
  for (const name of COLUMNS) {
    joined[name].set(known[name].subarray(0, cut));
    joined[name].set(tail[name], cut);
  }
  return { ...joined, runId: known.runId, key: known.key, total: tail.total };
}

function countFrom(series: Series, first: number): number {
  let count = 0;
  for (let i = first; i < series.count.length; i += 1) count += series.count[i] as number;
  return count;
}

/** In at most `buckets` buckets of equal width; extremes stay exact. */
export function rebucketed(series: Series, buckets: number): Series {
  const n = series.x.length;
  if (n <= buckets) return series;
  const first = Math.min(series.x[0] as number, series.minimumX[0] as number, series.maximumX[0] as number);
  const width = ((series.x[n - 1] as number) - first) / buckets || 1;
  const out = columnsOf(buckets);
  let at = -1;
  let current = -1;
  for (let i = 0; i < n; i += 1) {
    const bucket = Math.min(buckets - 1, Math.floor(((series.x[i] as number) - first) / width));
    if (bucket !== current) {
      current = bucket;
      at += 1;
      for (const name of COLUMNS) out[name][at] = series[name][i] as number;
      continue;
    }
    out.x[at] = series.x[i] as number;
    out.last[at] = series.last[i] as number;
    out.count[at] = (out.count[at] as number) + (series.count[i] as number);
    const low = series.minimum[i] as number;
    if (low < (out.minimum[at] as number) || Number.isNaN(out.minimum[at])) {
      out.minimum[at] = low;
      out.minimumX[at] = series.minimumX[i] as number;
    }
    const high = series.maximum[i] as number;
    if (high > (out.maximum[at] as number) || Number.isNaN(out.maximum[at])) {
      out.maximum[at] = high;
      out.maximumX[at] = series.maximumX[i] as number;
    }
  }
  for (const name of COLUMNS) out[name] = out[name].slice(0, at + 1);
  return { ...out, runId: series.runId, key: series.key, total: series.total };
}
