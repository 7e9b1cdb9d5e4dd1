import { expect, test } from "vitest";
import type { Line } from "./lines";
import { projection, xScale, yScale } from "./scales";

const line = (points: [number, number][]): Line => ({
  x: Float64Array.from(points, ([x]) => x),
  y: Float64Array.from(points, ([, y]) => y),
});

const all = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, log: false };

test("x reaches from the first to the last of all lines", () => {
  expect(
    xScale(
      [
        line([
          [2, 0],
          [5, 0],
        ]),
        line([
          [-1, 0],
          [3, 0],
        ]),
        line([]),
      ],
      false,
      1,
    ),
  ).toEqual({
    low: -1,
    high: 5,
    log: false,
  });
});

test("one x, nothing and only values that a log axis can't show still make a range", () => {
  expect(xScale([line([[7, 1]])], false, 1)).toMatchObject({ low: 6, high: 8 });
  for (const scale of [
    xScale([], false, 1),
    xScale([], true, 1),
    xScale(
      [
        line([
          [0, 1],
          [-4, 1],
        ]),
      ],
      true,
      1,
    ),
    yScale([line([[0, Number.NaN]])], all, false, false),
    yScale(
      [
        line([
          [0, -1],
          [1, 0],
        ]),
      ],
      all,
      true,
      false,
    ),
    yScale([line([[0, Number.POSITIVE_INFINITY]])], all, false, true),
  ]) {
    expect(scale.low).toBeLessThan(scale.high);
    expect(Number.isFinite(scale.high - scale.low)).toBe(true);
  }
});

test("y of equal values has room on both sides", () => {
  expect(
    yScale(
      [
        line([
          [0, 3],
          [1, 3],
        ]),
      ],
      all,
      false,
      false,
    ),
  ).toMatchObject({ low: 1.5, high: 4.5 });
  expect(yScale([line([[0, 0]])], all, false, false)).toMatchObject({ low: -1, high: 1 });
  const log = yScale([line([[0, 100]])], all, true, false);
  expect(log.low).toBeGreaterThan(0);
  expect(log.high).toBeGreaterThan(100);
});

test("infinities, NaN and what lies outside of x don't widen y", () => {
  const values = line([
    [0, 1000],
    [1, 1],
    [2, Number.POSITIVE_INFINITY],
    [3, Number.NaN],
    [4, 2],
    [5, 1000],
  ]);
  const found = yScale([values], { low: 1, high: 4, log: false }, false, false);
  expect(found.low).toBeGreaterThan(0.5);
  expect(found.high).toBeLessThan(2.5);
});

test("the spike of thousand points is seen, and clipped on demand", () => {
  const values = line(Array.from({ length: 1000 }, (_, x) => [x, x === 500 ? 1e6 : Math.sin(x)]));
  expect(yScale([values], all, false, false).high).toBeGreaterThan(1e6);
  expect(yScale([values], all, false, true).high).toBeLessThan(2);
});

test("numbers are projected on linear and log axes", () => {
  const up = projection({ low: 0, high: 10, log: false }, 200, 0);
  expect([up(0), up(10), up(5)]).toEqual([200, 0, 100]);
  const log = projection({ low: 1, high: 100, log: true }, 0, 100);
  expect(log(10)).toBeCloseTo(50);
  expect(log(0)).toBeNaN();
  expect(log(-1)).toBeNaN();
});
