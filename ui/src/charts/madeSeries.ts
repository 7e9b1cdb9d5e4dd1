/** Series for tests, made of points as the server would make them. */

import { columnsOf, type Series } from "./series";

export type Point = [x: number, y: number];

/** points: x ascending. perBucket: how many share a bucket. */
export function madeSeries(points: Point[], perBucket = 1, runId = "r", key = "loss"): Series {
  const columns = columnsOf(Math.ceil(points.length / perBucket));
  for (let i = 0; i < columns.x.length; i += 1) {
    const some = points.slice(i * perBucket, (i + 1) * perBucket);
    const [x, last] = some.at(-1) as Point;
    const numbers = some.filter(([, y]) => !Number.isNaN(y));
    const low = numbers.reduce((a, b) => (b[1] < a[1] ? b : a), numbers[0] ?? [x, Number.NaN]);
    const high = numbers.reduce((a, b) => (b[1] > a[1] ? b : a), numbers[0] ?? [x, Number.NaN]);
    columns.x[i] = x;
    columns.last[i] = last;
    [columns.minimumX[i], columns.minimum[i]] = low;
    [columns.maximumX[i], columns.maximum[i]] = high;
    columns.count[i] = some.length;
  }
  return { runId, key, total: points.length, ...columns };
}

export function pointsOf(count: number, y: (x: number) => number = (x) => x, from = 0): Point[] {
  return Array.from({ length: count }, (_, i) => [from + i, y(from + i)]);
}
