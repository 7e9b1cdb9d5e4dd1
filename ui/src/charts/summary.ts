/** What a picture shows, in numbers: the text beside it, for those who don't see it. */

import type { Picture, Stroke } from "./draw";
import { placeOf } from "./series";

export interface RunSummary {
  id: string;
  name: string;
  last: number;
  lastX: number;
  low: number;
  high: number;
}

export interface PictureSummary {
  runs: RunSummary[];
  points: number;
  low?: number;
  high?: number;
  lastX?: number;
}

/** Of the points within the x that is shown. */
export function summaryOf(picture: Picture): PictureSummary {
  let points = 0;
  const runs: RunSummary[] = [];
  for (const stroke of picture.strokes) {
    const [from, to] = within(stroke, picture.x.low, picture.x.high);
    const found = runSummary(stroke, from, to);
    points += to - from;
    if (found) runs.push(found);
  }
  if (runs.length === 0) return { runs, points };
  return {
    runs,
    points,
    low: Math.min(...runs.map((run) => run.low)),
    high: Math.max(...runs.map((run) => run.high)),
    lastX: Math.max(...runs.map((run) => run.lastX)),
  };
}

function within({ line }: Stroke, low: number, high: number): [number, number] {
  let to = placeOf(line.x, high);
  while (to < line.x.length && line.x[to] === high) to += 1;
  return [placeOf(line.x, low), to];
}

/** undefined: no finite value lies there. */
function runSummary({ id, name, line, raw }: Stroke, from: number, to: number): RunSummary | undefined {
  const values = raw ?? line;
  let found: RunSummary | undefined;
  const start = raw ? placeOf(values.x, line.x[from] ?? Number.POSITIVE_INFINITY) : from;
  const lastX = line.x[to - 1] ?? Number.NEGATIVE_INFINITY;
  for (let i = start; i < values.x.length && (values.x[i] as number) <= lastX; i += 1) {
    const value = values.y[i] as number;
    const x = values.x[i] as number;
    if (!Number.isFinite(value)) continue;
    found ??= { id, name, last: value, lastX: x, low: value, high: value };
    found.last = value;
    found.lastX = x;
    if (value < found.low) found.low = value;
    if (value > found.high) found.high = value;
  }
  return found;
}
