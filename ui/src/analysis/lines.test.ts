import { expect, test } from "vitest";
import { axisOf } from "./axes";
import type { Column } from "./columns";
import { HEIGHT, layoutOf, nearestAxis, nearestLine, placeOf, yOf } from "./lines";

const numbers = (id: string, ...values: (number | null)[]): Column => ({
  id,
  title: id,
  kind: "numbers",
  values,
});
const axes = [axisOf(numbers("a", 0, 1, 0)), axisOf(numbers("b", 0, 1, null))];
const layout = layoutOf(600, 2);

test("axes stand at equal distances, one alone in the middle, a dragged one at the pointer", () => {
  expect(layoutOf(628, 3).xs).toEqual([64, 314, 564]);
  expect(layoutOf(600, 1).xs).toEqual([300]);
  expect(layoutOf(628, 3, { index: 1, x: 400 }).xs).toEqual([64, 400, 564]);
});

test("places and pixels", () => {
  expect(placeOf(layout, yOf(layout, 0.25))).toBeCloseTo(0.25);
  expect(placeOf(layout, HEIGHT)).toBe(0);
  expect(nearestAxis(layout, 500)).toMatchObject({ index: 1 });
});

test("the nearest line is found between the axes, not where a value is missing or the run is left out", () => {
  const inside = [true, true, true];
  const middle = 300;
  expect(nearestLine(layout, axes, inside, middle, layout.bottom - 2)).toBe(0);
  expect(nearestLine(layout, axes, inside, middle, layout.top + 2)).toBe(1);
  expect(nearestLine(layout, axes, inside, middle, (layout.top + layout.bottom) / 2)).toBeUndefined();
  expect(nearestLine(layout, axes, [false, true, true], middle, layout.bottom - 2)).toBeUndefined();
  expect(nearestLine(layout, axes, inside, 10, layout.bottom)).toBeUndefined();
});
