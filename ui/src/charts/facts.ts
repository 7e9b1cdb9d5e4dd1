/** What a range of a line holds: looked at once, and kept as long as the line. */

import type { Line } from "./lines";
import { placeOf } from "./series";

export interface Facts {
  points: number;
  /** Of the finite values; low > high where there are none. */
  low: number;
  high: number;
  /** The least finite value above zero. */
  lowAbove: number;
  /** Of the last finite value. */
  last: number;
  lastX: number;
  nan: boolean;
  infinite: boolean;
  notAbove: boolean;
}

interface Kept {
  start: number;
  end: number;
  facts: Facts;
}

const wholes = new WeakMap<Line, Facts>();
const parts = new WeakMap<Line, Kept>();

export function factsOf(line: Line): Facts {
  let known = wholes.get(line);
  if (!known) {
    known = found(line, 0, line.x.length);
    wholes.set(line, known);
  }
  return known;
}

/** Of the points within x, both ends included. */
export function factsWithin(line: Line, { low, high }: { low: number; high: number }): Facts {
  const { x } = line;
  const n = x.length;
  if (n === 0 || ((x[0] as number) >= low && (x[n - 1] as number) <= high)) return factsOf(line);
  const start = placeOf(x, low);
  let end = placeOf(x, high);
  while (end < n && x[end] === high) end += 1;
  let known = parts.get(line);
  if (known?.start !== start || known.end !== end) {
    known = { start, end, facts: found(line, start, end) };
    parts.set(line, known);
  }
  return known.facts;
}

function found({ x, y }: Line, start: number, end: number): Facts {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let lowAbove = Number.POSITIVE_INFINITY;
  let last = -1;
  let nan = false;
  let infinite = false;
  let notAbove = false;
  for (let i = start; i < end; i += 1) {
    const value = y[i] as number;
    if (value > 0) {
      if (value < lowAbove) lowAbove = value;
    } else if (value <= 0) notAbove = true;
    if (!Number.isFinite(value)) {
      if (Number.isNaN(value)) nan = true;
      else infinite = true;
      continue;
    }
    last = i;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return {
    points: Math.max(0, end - start),
    low,
    high,
    lowAbove,
    last: last < 0 ? Number.NaN : (y[last] as number),
    lastX: last < 0 ? Number.NaN : (x[last] as number),
    nan,
    infinite,
    notAbove,
  };
}
