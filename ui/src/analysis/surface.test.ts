import { expect, test } from "vitest";
import { surface } from "./surface";

const CORNERS = [
  { x: 0.25, y: 0.25, z: 0 },
  { x: 0.75, y: 0.25, z: 1 },
  { x: 0.25, y: 0.75, z: 2 },
  { x: 0.75, y: 0.75, z: 3 },
];

test("a surface goes through its points, row by row", () => {
  expect([...surface(CORNERS, 2, "distance")]).toEqual([0, 1, 2, 3]);
  expect([...surface(CORNERS, 2, "nearest")]).toEqual([0, 1, 2, 3]);
});

test("amid four points stands their mean; nowhere is it beyond them", () => {
  const found = surface(CORNERS, 21, "distance");
  expect(found[10 * 21 + 10]).toBeCloseTo(1.5, 10);
  expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...found)).toBeLessThanOrEqual(3);
});

test("weights are one over the squared distance", () => {
  // At x = 1/6, points at 0 and 1: distances 1/6 and 5/6, weights 25 to 1.
  const points = [
    { x: 0, y: 1 / 6, z: 0 },
    { x: 1, y: 1 / 6, z: 26 },
  ];
  expect(surface(points, 3, "distance")[0]).toBeCloseTo(1, 10);
});

test("points of one place count with their mean", () => {
  const points = [
    { x: 0.5, y: 0.5, z: 1 },
    { x: 0.5, y: 0.5, z: 2 },
    { x: 0.5, y: 0.5, z: 6 },
  ];
  expect(surface(points, 1, "distance")[0]).toBe(3);
});

test("one point is everywhere, none nowhere", () => {
  for (const value of surface([{ x: 0, y: 0, z: 7 }], 2, "distance")) expect(value).toBeCloseTo(7, 12);
  expect([...surface([], 1, "distance")]).toEqual([Number.NaN]);
  expect([...surface([], 1, "nearest")]).toEqual([Number.NaN]);
});
