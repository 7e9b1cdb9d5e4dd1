/**
 * TensorBoard's smoothing: an exponential moving average, debiased, so that it starts at the first value and not at
 * zero. A point counts by its distance from the one before: at the mean distance `spacing` it moves the average as one
 * of TensorBoard's points does, at twice the distance as two. So it looks alike at every zoom.
 */

import type { Line } from "./lines";
import type { Series } from "./series";

export interface Average {
  sum: number;
  weight: number;
  x: number;
}

const MOST = 1_000; // points that TensorBoard keeps of a series

/** The mean distance of the points, of the thousand that TensorBoard would keep where there are more. */
export function spacingOf({ x, total }: Pick<Series, "x" | "total">): number {
  const n = Math.min(total, MOST);
  return n < 2 ? 0 : ((x.at(-1) ?? 0) - (x[0] ?? 0)) / (n - 1);
}

/** smooth: in [0, 1). from: the average that lies before the line. NaN and infinities stay and move nothing. */
export function smoothed(line: Line, smooth: number, spacing: number, from?: Average): Line {
  const y = new Float64Array(line.y.length);
  follow(line, smooth, spacing, from ? { ...from } : undefined, y, Number.POSITIVE_INFINITY);
  return { x: line.x, y };
}

/** The average of what lies before `end`; undefined where nothing does. */
export function averageBefore(line: Line, smooth: number, spacing: number, end: number): Average | undefined {
  return follow(line, smooth, spacing, undefined, undefined, end);
}

function follow(
  line: Line,
  smooth: number,
  spacing: number,
  from: Average | undefined,
  out: Float64Array | undefined,
  end: number,
): Average | undefined {
  let average = from;
  for (let i = 0; i < line.x.length; i += 1) {
    const x = line.x[i] as number;
    if (x >= end) break;
    const value = line.y[i] as number;
    if (Number.isFinite(value)) {
      const kept = average && spacing > 0 ? smooth ** ((x - average.x) / spacing) : smooth;
      average ??= { sum: 0, weight: 0, x };
      average.sum = average.sum * kept + value * (1 - kept);
      average.weight = average.weight * kept + (1 - kept);
      average.x = x;
    }
    if (out) out[i] = Number.isFinite(value) && average ? average.sum / average.weight : value;
  }
  return average;
}
