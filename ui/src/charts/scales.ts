/** Which part of the numbers a chart shows. */

import { factsWithin } from "./facts";
import type { Line } from "./lines";
import { placeOf } from "./series";

export interface Scale {
  low: number;
  high: number;
  log: boolean;
}

const MARGIN = 0.05; // of the y range, above and below
const CLIPPED = 0.01; // of the values, at either end
const MOST_SORTED = 20_000;

/** All lines from the first to the last x; a single x stands in the middle, `alone` to either side. */
export function xScale(lines: Line[], log: boolean, alone: number): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { x } of lines) {
    const first = log ? placeOf(x, Number.MIN_VALUE) : 0;
    if (first >= x.length) continue;
    low = Math.min(low, x[first] as number);
    high = Math.max(high, x[x.length - 1] as number);
  }
  if (low === high && !log) return { low: low - alone, high: high + alone, log };
  return roomy(low, high, log, 0);
}

/** Finite values of points within x; on a log axis only those above zero. */
export function yScale(lines: Line[], x: Scale, log: boolean, clip: boolean): Scale {
  const [low, high] = clip ? quantiles(lines, x, log) : extremes(lines, x, log);
  return roomy(low, high, log, MARGIN);
}

function* shown(lines: Line[], within: Scale, log: boolean, every = 1): Generator<number> {
  for (const { x, y } of lines) {
    const end = placeOf(x, within.high);
    for (let i = placeOf(x, within.low); i < x.length && (i < end || x[i] === within.high); i += every) {
      const value = y[i] as number;
      if (Number.isFinite(value) && (!log || value > 0)) yield value;
    }
  }
}

function extremes(lines: Line[], x: Scale, log: boolean): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    const facts = factsWithin(line, x);
    const least = log ? facts.lowAbove : facts.low;
    if (least > facts.high) continue;
    low = Math.min(low, least);
    high = Math.max(high, facts.high);
  }
  return [low, high];
}

function quantiles(lines: Line[], x: Scale, log: boolean): [number, number] {
  const points = lines.reduce((sum, line) => sum + line.x.length, 0);
  const values = Float64Array.from(shown(lines, x, log, Math.ceil(points / MOST_SORTED))).sort();
  const at = (part: number) => values[Math.round(part * (values.length - 1))] ?? Number.NaN;
  return [at(CLIPPED), at(1 - CLIPPED)];
}

/** A range that can be drawn, also where there is nothing or all is equal. */
function roomy(low: number, high: number, log: boolean, margin: number): Scale {
  if (!(low <= high)) return log ? { low: 1, high: 10, log } : { low: 0, high: 1, log };
  if (log) {
    const room = low === high ? Math.LOG10E : Math.log10(high / low) * margin;
    return { low: low / 10 ** room, high: high * 10 ** room, log };
  }
  const room = low === high ? Math.abs(low) / 2 || 1 : (high - low) * margin;
  return { low: low - room, high: high + room, log };
}

/** From a number to a place between `from` and `to`; what a log axis can't show is NaN. */
export function projection(scale: Scale, from: number, to: number): (value: number) => number {
  const { start, factor } = stretch(scale, to - from);
  if (scale.log) return (value) => (value > 0 ? from + (Math.log(value) - start) * factor : Number.NaN);
  return (value) => from + (value - start) * factor;
}

/** What a projection takes from a number, on a log axis from its logarithm, and by what it multiplies the rest. */
export function stretch({ low, high, log }: Scale, length: number): { start: number; factor: number } {
  const start = log ? Math.log(low) : low;
  return { start, factor: length / ((log ? Math.log(high) : high) - start) };
}
