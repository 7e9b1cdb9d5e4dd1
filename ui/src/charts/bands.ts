/** Runs of a group as one: their mean at each place, and the range that their values fill. */

import type { Line } from "./lines";
import { placeOf } from "./series";

export interface Group {
  x: Float64Array;
  mean: Float64Array;
  low: Float64Array;
  high: Float64Array;
}

/** At `places` places evenly between the first and the last x of all. A run counts from its first to its last value. */
export function groupOf(lines: Line[], places: number, from: number, to: number): Group {
  const x = new Float64Array(places);
  const mean = new Float64Array(places);
  const low = new Float64Array(places).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(places).fill(Number.NEGATIVE_INFINITY);
  const runs = new Float64Array(places);
  const width = (to - from) / Math.max(1, places - 1);
  for (let i = 0; i < places; i += 1) x[i] = from + i * width;
  const widen = (i: number, value: number) => {
    if (value < (low[i] as number)) low[i] = value;
    if (value > (high[i] as number)) high[i] = value;
  };
  for (const line of lines) {
    spread(line, x, (i, value) => {
      mean[i] = (mean[i] as number) + value;
      runs[i] = (runs[i] as number) + 1;
      widen(i, value);
    });
    // Extremes between two places belong to the nearer one: a spike widens the band.
    for (let i = placeOf(line.x, from); i < line.x.length && (line.x[i] as number) <= to; i += 1) {
      const value = line.y[i] as number;
      if (Number.isFinite(value))
        widen(width > 0 ? Math.round(((line.x[i] as number) - from) / width) : 0, value);
    }
  }
  let kept = 0;
  for (let i = 0; i < places; i += 1) {
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

/** The line's value at each place between its ends, linear between finite points. */
function spread(line: Line, places: Float64Array, put: (i: number, value: number) => void): void {
  let beforeX = Number.NaN;
  let before = Number.NaN;
  let i = 0;
  for (let at = 0; at < line.x.length; at += 1) {
    const x = line.x[at] as number;
    const y = line.y[at] as number;
    if (!Number.isFinite(y)) continue;
    while (i < places.length && (places[i] as number) <= x) {
      const place = places[i] as number;
      if (place === x) put(i, y);
      else if (!Number.isNaN(beforeX)) put(i, before + ((y - before) * (place - beforeX)) / (x - beforeX));
      i += 1;
    }
    beforeX = x;
    before = y;
  }
}
