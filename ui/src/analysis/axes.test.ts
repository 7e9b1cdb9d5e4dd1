import { expect, test } from "vitest";
import { axisOf, drawable, lostText } from "./axes";
import { type Column, ofTexts } from "./columns";

const numbers = (...values: (number | null)[]): Column => ({
  id: "metrics.a",
  title: "a",
  kind: "numbers",
  values,
});

test("numbers stand between the least and the greatest", () => {
  const axis = axisOf(numbers(10, 20, 15, null, Number.NaN, Number.POSITIVE_INFINITY));
  expect(axis.places).toEqual([0, 1, 0.5, null, null, null]);
  expect(axis.lost).toEqual([null, null, null, "missing", "not finite", "not finite"]);
  expect(axis.ticks.map((tick) => tick.text)).toEqual(["10", "12", "14", "16", "18", "20"]);
  expect(axis.valueAt(0.5)).toBe(15);
});

test("a logarithmic axis has no place for zero and below", () => {
  const axis = axisOf(numbers(1, 100, 10, 0, -5), true);
  expect(axis.places.slice(0, 3)).toEqual([0, 1, 0.5]);
  expect(axis.lost.slice(3)).toEqual(["not above zero", "not above zero"]);
  expect(axis.ticks.map((tick) => tick.text)).toEqual(["1", "10", "100"]);
});

test("a logarithm of nothing but zeros is refused and told", () => {
  const axis = axisOf(numbers(0, -1), true);
  expect(axis).toMatchObject({ log: false, refusedLog: true });
  expect(lostText([axis], 2)).toBe("Nothing of a is above zero, so its axis is linear.");
});

test.each([
  [[3, 3], false],
  [[3], false],
  [[0, 0], false],
  [[3, 3], true],
  [[-2], false],
] as [number[], boolean][])("one value alone stands in the middle: %j", (values, log) => {
  expect(axisOf(numbers(...values), log).places[0]).toBeCloseTo(0.5, 12);
});

test("nothing at all is no reason to fail", () => {
  expect(axisOf(numbers(null, Number.NaN)).places).toEqual([null, null]);
  expect(axisOf(ofTexts("params.x", "x", [null])).places).toEqual([null]);
});

test("values as far apart as numbers can be have places", () => {
  const { places } = axisOf(numbers(1e-300, 1e300), true);
  expect(places).toEqual([0, 1]);
});

test("names stand at equal distances, and a place leads back to one", () => {
  const axis = axisOf(ofTexts("params.x", "x", ["sgd", "adam", null, "lion"]));
  expect(axis.ticks.map((tick) => tick.text)).toEqual(["adam", "lion", "sgd"]);
  expect(axis.places[3]).toBeCloseTo(0.5);
  expect(axis.valueAt(axis.places[0] ?? 0)).toBe(2);
});

test("runs that lack a value on any axis aren't drawn, and that is told", () => {
  const axes = [axisOf(numbers(1, null, 3, 4)), axisOf(numbers(1, 2, Number.NaN, 4))];
  expect(drawable(axes, 4)).toEqual([0, 3]);
  expect(lostText(axes, 4)).toBe("2 of 4 runs aren't drawn: 1 without a value, 1 with NaN or an infinity.");
  expect(lostText([axisOf(numbers(1, 2))], 2)).toBe("");
});
