import { expect, test } from "vitest";
import { lineOf } from "./lines";
import { madeSeries, type Point, pointsOf } from "./madeSeries";
import { rebucketed, tailStart, withTail } from "./tail";

test("only what may have changed is asked for: the last bucket and what comes after", () => {
  expect(tailStart(madeSeries(pointsOf(100), 10))).toBe(90);
  expect(tailStart(madeSeries(pointsOf(5), 10))).toBeUndefined();
});

test("a tail replaces the last bucket and goes on", () => {
  const known = madeSeries(pointsOf(95), 10);
  const grown = withTail(
    known,
    madeSeries(
      pointsOf(30, (x) => x, 90),
      10,
    ),
    90,
  );
  expect(grown).toMatchObject({ total: 120 });
  expect([...(grown?.x ?? [])]).toEqual([9, 19, 29, 39, 49, 59, 69, 79, 89, 99, 109, 119]);
  expect(grown?.count.reduce((sum, each) => sum + each, 0)).toBe(120);
});

test("nothing came: what is known stays", () => {
  const known = madeSeries(pointsOf(20), 10);
  expect(
    withTail(
      known,
      madeSeries(
        pointsOf(10, (x) => x, 10),
        10,
      ),
      10,
    ),
  ).toMatchObject({ total: 20 });
});

test("fewer points than were known: history was changed", () => {
  const known = madeSeries(pointsOf(20), 10);
  expect(
    withTail(
      known,
      madeSeries(
        pointsOf(3, (x) => x, 10),
        10,
      ),
      10,
    ),
  ).toBeUndefined();
  expect(withTail(known, undefined, 10)).toBeUndefined();
});

test("a tail from the middle of a bucket keeps the extremes on both sides of the cut", () => {
  const points: Point[] = pointsOf(20, () => 1);
  points[11] = [11, 9];
  points[17] = [17, -9];
  const grown = withTail(madeSeries(points, 10), madeSeries(points.slice(15), 5), 15);
  const { x, y } = lineOf(grown ?? madeSeries([]));
  expect(Array.from(x, (each, i) => [each, y[i]])).toContainEqual([11, 9]);
  expect(Array.from(x, (each, i) => [each, y[i]])).toContainEqual([17, -9]);
  expect([...x]).toEqual([...x].sort((a, b) => a - b));
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
