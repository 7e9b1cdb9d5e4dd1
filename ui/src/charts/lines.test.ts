import { expect, test } from "vitest";
import { lineOf, withNeighbours } from "./lines";
import { madeSeries, type Point, pointsOf } from "./madeSeries";

const shown = (points: Point[], perBucket: number, offset = 0) => {
  const { x, y } = lineOf(madeSeries(points, perBucket), offset);
  return Array.from(x, (each, i) => [each, y[i]]);
};

test("a bucket's spike stands where it was", () => {
  const points = pointsOf(10, () => 1);
  points[2] = [2, 50];
  points[4] = [4, 0];
  expect(shown(points, 10)).toEqual([
    [2, 50],
    [4, 0],
    [9, 1],
  ]);
});

test("a bucket of one point is one point, of equal ones the last and the first", () => {
  expect(shown([[1, 5]], 1)).toEqual([[1, 5]]);
  expect(
    shown(
      pointsOf(4, () => 3),
      4,
    ),
  ).toEqual([
    [0, 3],
    [3, 3],
  ]);
});

test("points of one x are all there: none hides another", () => {
  const points: Point[] = [
    [50, 0.1],
    [50, 0.9],
    [50, -0.4],
  ];
  expect(shown(points, 3)).toEqual([
    [50, -0.4],
    [50, 0.9],
    [50, -0.4],
  ]);
});

test("NaN is kept as a gap, also where a bucket ends with it", () => {
  expect(shown([[1, Number.NaN]], 1)).toEqual([[1, Number.NaN]]);
  expect(
    shown(
      [
        [1, 2],
        [2, 7],
        [3, Number.NaN],
      ],
      3,
    ),
  ).toEqual([
    [1, 2],
    [2, 7],
    [3, Number.NaN],
  ]);
});

test("x are counted from the offset", () => {
  expect(
    shown(
      pointsOf(2, () => 1, 1000),
      1,
      1000,
    ),
  ).toEqual([
    [0, 1],
    [1, 1],
  ]);
});

test("an empty series is an empty line", () => {
  expect(shown([], 1)).toEqual([]);
});

test("a part goes on to the next points of the whole", () => {
  const whole = lineOf(
    madeSeries(
      pointsOf(100, (x) => x),
      10,
    ),
  );
  const part = lineOf(madeSeries(pointsOf(20, (x) => -x, 40)));
  const joined = withNeighbours(part, whole, 40, 59);
  expect([joined.x[0], joined.x.at(-1)]).toEqual([39, 60]);
  expect(joined.x).toHaveLength(22);
  const nothing = withNeighbours(
    lineOf(madeSeries([])),
    lineOf(
      madeSeries([
        [0, 0],
        [100, 1],
      ]),
    ),
    40,
    60,
  );
  expect([...nothing.x]).toEqual([0, 100]);
});
