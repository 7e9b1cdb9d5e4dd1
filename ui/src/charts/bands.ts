/** Runs of a group as one: their mean at each place, and the range that their values fill. */

import type { Line } from "./lines";
import type { Scale } from "./scales";
import { placeOf } from "./series";

export interface Group {
  x: Float64Array;
  mean: Float64Array;
  low: Float64Array;
  high: Float64Array;
}

/** So many places from end to end of a scale, evenly as they are seen. */
export function evenly(count: number, { low, high, log }: Scale): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const part = i / Math.max(1, count - 1);
    return log ? low * (high / low) ** part : low + part * (high - low);
  });
}

/** A run counts from its first to its last value. places: ascending. */
export function groupOf(lines: Line[], places: Float64Array): Group {
  const x = places.slice();
  const mean = new Float64Array(x.length);
  const low = new Float64Array(x.length).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(x.length).fill(Number.NEGATIVE_INFINITY);
  const runs = new Float64Array(x.length);
  const widen = (i: number, value: number) => {
    if (value < (low[i] as number)) low[i] = value;
    if (value > (high[i] as number)) high[i] = value;
  };
  for (const line of lines) {
    spread(line, places, (i, value) => {
      mean[i] = (mean[i] as number) + value;
      runs[i] = (runs[i] as number) + 1;
      widen(i, value);
    });
    // Extremes between two places belong to the next one: a spike widens the band.
    let at = 0;
    for (let i = placeOf(line.x, places[0] ?? 0); i < line.x.length; i += 1) {
      while (at < places.length && (places[at] as number) < (line.x[i] as number)) at += 1;
      if (at === places.length) break;
      if (Number.isFinite(line.y[i])) widen(at, line.y[i] as number);
    }
  }
  let kept = 0;
  for (let i = 0; i < places.length; i += 1) {
    if (runs[i] === 0) continue;
    x[kept] = x[i] as number;
    mean[kept] = (mean[i] as number) / (runs[i] as number);
    low[kept] = low[i] as number;
    high[kept] = high[i] as number;
    kept += 1;
  }
  return {
    x: x.subarray(0, kept),
    mean: mean.subarray(0, kept),
    low: low.subarray(0, kept),
    high: high.subarray(0, kept),
  };
}

const REACH = 0.01; // of the places, before a run's first point: a first bucket begins there, known by its extremes

/** The line's value at each place between its ends, linear between finite points. */
function spread(line: Line, places: Float64Array, put: (i: number, value: number) => void): void {
  let beforeX = Number.NaN;
  let before = Number.NaN;
  let i = 0;
  for (let at = 0; at < line.x.length; at += 1) {
    const x = line.x[at] as number;
    const y = line.y[at] as number;
    if (!Number.isFinite(y)) continue;
    const first = Number.isNaN(beforeX);
    if (first) i = Math.max(0, placeOf(places, x) - Math.floor(REACH * places.length));
    while (i < places.length && (places[i] as number) <= x) {
      const place = places[i] as number;
      put(i, first || place === x ? y : before + ((y - before) * (place - beforeX)) / (x - beforeX));
      i += 1;
    }
    beforeX = x;
    before = y;
  }
}
