/** What a picture shows, in numbers: the text beside it, for those who don't see it. */

import type { Picture } from "./draw";
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

/** Of the points within the x that is shown, as they were logged. */
export function summaryOf(picture: Picture): PictureSummary {
  let points = 0;
  const runs: RunSummary[] = [];
  for (const { id, name, line, raw } of picture.strokes) {
    const { x, y } = raw ?? line;
    let found: RunSummary | undefined;
    for (let i = placeOf(x, picture.x.low); i < x.length && (x[i] as number) <= picture.x.high; i += 1) {
      const value = y[i] as number;
      points += 1;
      if (!Number.isFinite(value)) continue;
      found ??= { id, name, last: value, lastX: x[i] as number, low: value, high: value };
      found.last = value;
      found.lastX = x[i] as number;
      if (value < found.low) found.low = value;
      if (value > found.high) found.high = value;
    }
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
