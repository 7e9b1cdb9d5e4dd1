/** Series that grow: only what came is fetched and joined, and what grew too fine is put into wider buckets. */

import { COLUMNS, type Columns, columnsOf, placeOf, type Series } from "./series";

/** From where to ask for what came: the last bucket may have got more points, those before it are over. */
export function tailStart(series: Series): number | undefined {
  const n = series.x.length;
  return n < 2 ? undefined : (series.x[n - 2] as number) + 1;
}

/**
 * What is known below `start`, then the tail, which holds every point from there on. undefined: the tail holds fewer
 * points than were known, so history was changed (a rewind) and has to be fetched again.
 */
export function withTail(known: Series, tail: Series | undefined, start: number): Series | undefined {
  const cut = placeOf(known.x, start);
  const before = cut > 0 ? (known.x[cut - 1] as number) : Number.NEGATIVE_INFINITY;
  const straddles = cut < known.x.length && before + 1 < start && (known.count[cut] as number) > 1;
  let replaced = 0;
  for (let i = straddles ? cut + 1 : cut; i < known.x.length; i += 1) replaced += known.count[i] as number;
  if ((tail?.total ?? 0) < replaced) return undefined;
  if (!tail) return known;
  const part = straddles ? cutBucket(known, cut, start) : undefined;
  const rest = part ? cut + 1 : cut;
  const joined = columnsOf(rest + tail.x.length);
  for (const name of COLUMNS) {
    joined[name].set(known[name].subarray(0, cut));
    if (part) joined[name][cut] = part[name];
    joined[name].set(tail[name], rest);
  }
  // A bucket that was cut counts its points twice: as one that isn't whole, it is looked at closer when zoomed.
  let total = 0;
  for (const each of joined.count) total += each;
  return { ...joined, runId: known.runId, key: known.key, total };
}

/** The part of a bucket below start, of which only the extremes that stand there are known; the tail has the others. */
function cutBucket(series: Series, i: number, start: number): Record<keyof Columns, number> | undefined {
  const lowX = series.minimumX[i] as number;
  const highX = series.maximumX[i] as number;
  if (lowX >= start && highX >= start) return undefined;
  const low = series.minimum[i] as number;
  const high = series.maximum[i] as number;
  const onlyLow = highX >= start;
  const onlyHigh = lowX >= start;
  const lastIsLow = onlyLow || (!onlyHigh && lowX > highX);
  return {
    x: lastIsLow ? lowX : highX,
    last: lastIsLow ? low : high,
    minimum: onlyHigh ? high : low,
    minimumX: onlyHigh ? highX : lowX,
    maximum: onlyLow ? low : high,
    maximumX: onlyLow ? lowX : highX,
    count: onlyLow || onlyHigh ? 1 : 2,
  };
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
