import { expect, test } from "vitest";
import { type Column, ofTexts } from "./columns";
import { boxesOf, boxOf } from "./quartiles";

test("quartiles as numpy.percentile and R's quantile have them", () => {
  // quantile(1:10) in R: 3.25, 5.5, 7.75
  expect(boxOf("a", [10, 9, 8, 7, 6, 5, 4, 3, 2, 1])).toMatchObject({
    count: 10,
    q1: 3.25,
    median: 5.5,
    q3: 7.75,
    low: 1,
    high: 10,
    outliers: [],
  });
});

test("what lies 1.5 boxes beyond is an outlier, and the whiskers end before it", () => {
  expect(boxOf("a", [1, 2, 3, 4, 5, 100, -50])).toMatchObject({ low: 1, high: 5, outliers: [-50, 100] });
});

test("one value, equal values and none", () => {
  expect(boxOf("a", [3])).toMatchObject({ q1: 3, median: 3, q3: 3, low: 3, high: 3, outliers: [] });
  expect(boxOf("a", [2, 2, 2, 9])).toMatchObject({ q3: 3.75, outliers: [9] });
  expect(boxOf("a", [])).toBeUndefined();
});

test("a box for each value, in the order of numbers, runs without one last", () => {
  const param = ofTexts("params.depth", "depth", ["10", "9", null, "9", "10"]);
  const { boxes, ranges } = boxesOf(param, [1, 2, 3, 4, Number.NaN]);
  expect(boxes.map((box) => [box.name, box.count])).toEqual([
    ["9", 2],
    ["10", 1],
    ["none", 1],
  ]);
  expect(ranges).toBe(false);
});

test("many numbers are put into ranges", () => {
  const values = Array.from({ length: 80 }, (_, at) => at);
  const param: Column = { id: "params.rate", title: "rate", kind: "numbers", values };
  const { boxes, ranges } = boxesOf(param, values);
  expect(ranges).toBe(true);
  expect(boxes).toHaveLength(8);
  expect(boxes.reduce((sum, box) => sum + box.count, 0)).toBe(80);
  expect(boxes[0]?.name).toBe("0 – 9.9");
});

test("ranges that lie close together have names that tell them apart", () => {
  const values = Array.from({ length: 80 }, (_, at) => 0.9 + at / 1e5);
  const { boxes } = boxesOf({ id: "params.rate", title: "rate", kind: "numbers", values }, values);
  expect(boxes).toHaveLength(8);
  expect(boxes.at(-1)?.name).toBe("0.9007 – 0.9008");
});

test("of too many names, those with the most runs stay", () => {
  const texts = [...Array.from({ length: 30 }, (_, at) => `name ${at}`), "name 29"];
  const param = ofTexts("params.name", "name", texts);
  const found = boxesOf(
    param,
    texts.map(() => 1),
  );
  expect(found.boxes).toHaveLength(20);
  expect(found.left).toBe(10);
  expect(found.boxes.some((box) => box.name === "name 29")).toBe(true);
});
