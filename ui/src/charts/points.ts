/** From buckets to the points of a line: a bucket's extremes where they were, then its last value. No spike is lost. */

import type { Series } from "./packed";

export interface Line {
  x: number[];
  y: (number | null)[];
}

export function lineOf(series: Series): Line {
  const x: number[] = [];
  const y: (number | null)[] = [];
  const put = (at: number, value: number) => {
    x.push(at);
    y.push(Number.isFinite(value) ? value : null);
  };
  for (let i = 0; i < series.x.length; i += 1) {
    const last = Number(series.x[i]);
    const points = new Map<number, number>();
    if (Number(series.count[i]) > 1) {
      points.set(Number(series.minimumX[i]), series.minimum[i] ?? Number.NaN);
      points.set(Number(series.maximumX[i]), series.maximum[i] ?? Number.NaN);
    }
    points.set(last, series.last[i] ?? Number.NaN);
    for (const at of [...points.keys()].sort((a, b) => a - b)) put(at, points.get(at) ?? Number.NaN);
  }
  return { x, y };
}

/** Lines over one axis, as uPlot takes them: null where a line has no point. */
export function joined(lines: Line[]): [number[], ...(number | null)[][]] {
  const places = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
  const index = new Map(places.map((at, position) => [at, position]));
  const columns = lines.map((line) => {
    const column: (number | null)[] = new Array(places.length).fill(undefined);
    line.x.forEach((at, i) => {
      column[index.get(at) ?? 0] = line.y[i] ?? null;
    });
    return column;
  });
  return [places, ...columns];
}
