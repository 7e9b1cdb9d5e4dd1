import { expect, test } from "vitest";
import { madeSeries, type Point, pointsOf } from "./madeSeries";
import { rebucketed, tailStart, withTail } from "./tail";

test("only what may have changed is asked for: the last bucket and what comes after", () => {
  expect(tailStart(madeSeries(pointsOf(100), 10))).toBe(90);
  expect(tailStart(madeSeries(pointsOf(5), 10))).toBeUndefined();
});

/** The end of a series, as the server gives it: with the total of all. */
const tailOf = (points: Point[], since: number, perBucket = 10) => ({
  ...madeSeries(
    points.filter(([x]) => x >= since),
    perBucket,
  ),
  total: points.length,
});

test("a tail replaces the last bucket and goes on", () => {
  const known = madeSeries(pointsOf(95), 10);
  const grown = withTail(known, tailOf(pointsOf(120), 90), 90);
  expect(grown).toMatchObject({ total: 120 });
  expect([...(grown?.x ?? [])]).toEqual([9, 19, 29, 39, 49, 59, 69, 79, 89, 99, 109, 119]);
  expect(grown?.count.reduce((sum, each) => sum + each, 0)).toBe(120);
});

test("nothing came: what is known stays", () => {
  const known = madeSeries(pointsOf(20), 10);
  expect(withTail(known, tailOf(pointsOf(20), 10), 10)).toMatchObject({ total: 20 });
});

test("fewer points than were known: history was changed, unless only the end was", () => {
  const known = madeSeries(pointsOf(20), 10);
  expect([...(withTail(known, tailOf(pointsOf(13), 10), 10)?.x ?? [])]).toEqual([9, 12]);
  expect(withTail(known, tailOf(pointsOf(7), 10), 10)).toBeUndefined();
  expect(withTail(known, undefined, 10)).toBeUndefined();
});

test("points that came below what is fetched: history was changed", () => {
  const late: Point[] = [...pointsOf(5), [4.5, 7], ...pointsOf(90, (x) => x, 5)];
  expect(withTail(madeSeries(pointsOf(95), 10), tailOf(late, 90), 90)).toBeUndefined();
});

test("a series that grew for hours is put into fewer buckets, its extremes stay", () => {
  const points = pointsOf(10_000, (x) => Math.sin(x / 100));
  points[1234] = [1234, 77];
  points[4321] = [4321, -77];
  const small = rebucketed(madeSeries(points), 100);
  expect(small.x.length).toBeLessThanOrEqual(100);
  expect(small.x.at(-1)).toBe(9999);
  expect(small.total).toBe(10_000);
  expect(small.count.reduce((sum, each) => sum + each, 0)).toBe(10_000);
  expect([Math.max(...small.maximum), small.maximumX[small.maximum.indexOf(77)]]).toEqual([77, 1234]);
  expect([Math.min(...small.minimum), small.minimumX[small.minimum.indexOf(-77)]]).toEqual([-77, 4321]);
});

test("buckets of NaN are joined with those of numbers", () => {
  const small = rebucketed(madeSeries(pointsOf(10, (x) => (x < 5 ? Number.NaN : x))), 1);
  expect([small.minimum[0], small.maximum[0], small.last[0]]).toEqual([5, 9, 9]);
});
