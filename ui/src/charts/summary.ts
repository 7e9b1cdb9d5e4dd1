/** What a picture shows, in numbers: the text beside it, for those who don't see it. */

import type { Picture } from "./draw";
import { factsWithin } from "./facts";

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
    const facts = factsWithin(raw ?? line, picture.x);
    const { last, lastX, low, high } = facts;
    points += facts.points;
    if (low <= high) runs.push({ id, name, last, lastX, low, high });
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
