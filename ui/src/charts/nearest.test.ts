import { expect, test } from "vitest";
import type { Picture } from "./draw";
import { nearestOf } from "./nearest";

const stroke = (id: string, points: [number, number][]) => ({
  id,
  name: id,
  colour: "#000000",
  line: { x: Float64Array.from(points, ([x]) => x), y: Float64Array.from(points, ([, y]) => y) },
});

const picture = (strokes: Picture["strokes"]): Picture => ({
  strokes,
  bands: [],
  x: { low: 0, high: 100, log: false },
  y: { low: 0, high: 100, log: false },
});

const SIZE = { width: 100, height: 100 };

test("a point of each line, the nearest in height first", () => {
  const found = nearestOf(
    picture([
      stroke("flat", [
        [0, 10],
        [50, 10],
        [100, 10],
      ]),
      stroke("high", [
        [0, 90],
        [49, 80],
        [100, 90],
      ]),
      stroke("empty", []),
      stroke("gap", [[50, Number.NaN]]),
    ]),
    { left: 50, top: 25 },
    SIZE,
  );
  expect(found.map(({ id, x, y, distance }) => [id, x, y, distance])).toEqual([
    ["high", 49, 80, 5],
    ["flat", 50, 10, 65],
  ]);
});

test("of the points below the mouse, the one at its height: a spike can be touched", () => {
  const line = stroke("spiky", [
    [48, 10],
    [50, 95],
    [50, 10],
    [52, 10],
  ]);
  expect(nearestOf(picture([line]), { left: 50, top: 5 }, SIZE)[0]?.y).toBe(95);
  expect(nearestOf(picture([line]), { left: 50, top: 89 }, SIZE)[0]?.y).toBe(10);
});

test("points outside of the shown range aren't found", () => {
  const line = stroke("wide", [
    [-5, 50],
    [105, 50],
  ]);
  expect(nearestOf(picture([line]), { left: 3, top: 50 }, SIZE)).toEqual([]);
});
