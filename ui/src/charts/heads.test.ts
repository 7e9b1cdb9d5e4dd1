import { expect, test } from "vitest";
import { headRanges, withHead } from "./heads";
import { lineOf } from "./lines";
import { madeSeries, pointsOf } from "./madeSeries";

test("the beginning is fetched finer, and finer again; ranges stay while a run grows", () => {
  expect(headRanges(1_000_000)).toEqual(headRanges(600_000));
  const [coarse, fine] = headRanges(1_000_000) ?? [];
  expect(coarse?.[1]).toBeCloseTo(2 ** 20 / 48);
  expect(fine?.[1]).toBeCloseTo(2 ** 20 / 48 ** 2);
  expect(headRanges(20)).toBeUndefined();
  expect(headRanges(Number.NEGATIVE_INFINITY)).toBeUndefined();
});

test("a fine beginning and the coarse rest are one line without a hole, each point once", () => {
  const points = pointsOf(1000, () => 1);
  points[7] = [7, 50];
  points[44] = [44, 9];
  const whole = madeSeries(points, 100);
  const series = withHead(madeSeries(points.slice(0, 43)), whole, 42.5);
  const { x, y } = lineOf(series);
  expect([...x.slice(0, 44)]).toEqual([...Array.from({ length: 43 }, (_, i) => i), 99]);
  expect(y[7]).toBe(50);
  expect(x.at(-1)).toBe(999);
  expect([...x]).toEqual([...x].sort((a, b) => a - b));
  expect(withHead(madeSeries([]), whole, -1).x).toHaveLength(10);
});

test("an extreme behind the end stays", () => {
  const points = pointsOf(100, () => 1);
  points[80] = [80, 9];
  const { x, y } = lineOf(withHead(madeSeries(points.slice(0, 10)), madeSeries(points, 100), 9));
  expect(y[[...x].indexOf(80)]).toBe(9);
});

test("the same parts are the same series", () => {
  const head = madeSeries(pointsOf(5));
  const whole = madeSeries(pointsOf(100), 10);
  expect(withHead(head, whole, 4)).toBe(withHead(head, whole, 4));
});
