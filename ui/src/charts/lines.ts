/** From buckets to the points of a line: a bucket's extremes where they stand, then its last value. No spike is lost. */

import type { Series } from "./series";

/** x ascending, several points may share one. y: NaN is a gap, an infinity a mark at the edge. */
export interface Line {
  x: Float64Array;
  y: Float64Array;
}

const PER_BUCKET = 3;

/** offset: taken from each x. */
export function lineOf(series: Series, offset = 0): Line {
  const n = series.x.length;
  const x = new Float64Array(PER_BUCKET * n);
  const y = new Float64Array(PER_BUCKET * n);
  let at = 0;
  for (let i = 0; i < n; i += 1) {
    const lastX = series.x[i] as number;
    const last = series.last[i] as number;
    if ((series.count[i] as number) > 1) {
      const lowX = series.minimumX[i] as number;
      const highX = series.maximumX[i] as number;
      const low = series.minimum[i] as number;
      const high = series.maximum[i] as number;
      const lowFirst = lowX <= highX;
      const firstX = lowFirst ? lowX : highX;
      const first = lowFirst ? low : high;
      const secondX = lowFirst ? highX : lowX;
      const second = lowFirst ? high : low;
      if (!Number.isNaN(first) && (firstX !== secondX || first !== second)) {
        x[at] = firstX - offset;
        y[at] = first;
        at += 1;
      }
      if (!Number.isNaN(second) && (secondX !== lastX || second !== last)) {
        x[at] = secondX - offset;
        y[at] = second;
        at += 1;
      }
    }
    x[at] = lastX - offset;
    y[at] = last;
    at += 1;
  }
  return { x: x.subarray(0, at), y: y.subarray(0, at) };
}

/** The last value of each bucket: what is smoothed. */
export function lastsOf(series: Series, offset = 0): Line {
  return { x: offset === 0 ? series.x : series.x.map((each) => each - offset), y: series.last };
}

/**
 * A line of a part, and before and after it the next points of the whole, so that it goes on over the edges of the part
 * although nothing there was fetched.
 */
export function withNeighbours(part: Line, whole: Line, start: number, end: number): Line {
  let before = whole.x.length - 1;
  while (before >= 0 && (whole.x[before] as number) >= start) before -= 1;
  let after = 0;
  while (after < whole.x.length && (whole.x[after] as number) <= end) after += 1;
  const first = before >= 0 ? 1 : 0;
  const last = after < whole.x.length ? 1 : 0;
  if (first + last === 0) return part;
  const n = part.x.length;
  const x = new Float64Array(first + n + last);
  const y = new Float64Array(first + n + last);
  x.set(part.x, first);
  y.set(part.y, first);
  if (first) {
    x[0] = whole.x[before] as number;
    y[0] = whole.y[before] as number;
  }
  if (last) {
    x[first + n] = whole.x[after] as number;
    y[first + n] = whole.y[after] as number;
  }
  return { x, y };
}
