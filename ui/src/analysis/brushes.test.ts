import { expect, test } from "vitest";
import { axisOf } from "./axes";
import { brushOf, moved, spans, within } from "./brushes";
import { type Column, ofTexts } from "./columns";

const rate: Column = {
  id: "params.rate",
  title: "rate",
  kind: "numbers",
  values: [0, 5, 10, null, Number.NaN],
};
const kind = ofTexts("params.kind", "kind", ["a", "b", "c", "a", "a"]);
const axes = [axisOf(rate), axisOf(kind)];

test("runs lie in all chosen parts", () => {
  expect(within(axes, {}, 5)).toEqual([true, true, true, true, true]);
  expect(within(axes, { "params.rate": [4, 10] }, 5)).toEqual([false, true, true, false, false]);
  expect(within(axes, { "params.rate": [0, 5], "params.kind": ["b", "c"] }, 5)).toEqual([
    false,
    true,
    false,
    false,
    false,
  ]);
});

test("a part of an axis that isn't shown chooses nothing", () => {
  expect(within([axisOf(rate)], { "params.kind": ["b"] }, 2)).toEqual([true, true]);
});

test("places become values, and values places", () => {
  const [numbers, names] = axes;
  if (!numbers || !names) throw new Error("no axes");
  expect(brushOf(numbers, 0.75, 0.25)).toEqual([2.5, 7.5]);
  expect(spans(numbers, [2.5, 70])).toEqual([[0.25, 1]]);
  expect(brushOf(names, 0.4, 1)).toEqual(["b", "c"]);
  expect(spans(names, ["c"])).toHaveLength(1);
  expect(spans(names, [1, 2])).toEqual([]);
});

test("a part of a logarithmic axis may begin at zero", () => {
  const axis = axisOf({ ...rate, values: [1, 10, 100] }, true);
  expect(spans(axis, [0, 10])).toEqual([[0, 0.5]]);
  expect(spans(axis, [-2, 0])).toEqual([]);
});

test("an item goes to another place", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a"], 4, 0)).toEqual(["a"]);
});
