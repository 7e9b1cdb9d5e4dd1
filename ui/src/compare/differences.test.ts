import { expect, test } from "vitest";
import { best, deltaText, differ, nextBetter, shades, standOut } from "./differences";

test.each([
  [["a", "a"], false],
  [["a", "b"], true],
  [["a", undefined], true],
  [[undefined, undefined], false],
  [["0.10", "0.1"], true],
  [["a"], false],
  [[], false],
] as [string[], boolean][])("%j differ: %s", (values, found) => {
  expect(differ(values)).toBe(found);
});

test("cells unlike the baseline's stand out", () => {
  expect(standOut(["a", "b", "a", undefined], 1)).toEqual([true, false, true, true]);
  expect(standOut(["a", undefined], 1)).toEqual([true, false]);
});

test("without a baseline, cells unlike what most have stand out", () => {
  expect(standOut(["a", "b", "a"])).toEqual([false, true, false]);
  expect(standOut([undefined, "b", undefined])).toEqual([false, true, false]);
  expect(standOut(["a", "b"])).toEqual([false, false]);
  expect(standOut(["a", "a"])).toEqual([false, false]);
});

test("shades follow size, or goodness where it is known", () => {
  expect(shades([1, 2, 3, undefined, Number.NaN])).toEqual([0, 0.5, 1, undefined, undefined]);
  expect(shades([1, 3], "lower")).toEqual([1, 0]);
  expect(shades([-Number.MAX_VALUE, 0, Number.MAX_VALUE])).toEqual([0, 0.5, 1]);
});

test("equal, single and infinite values have no shade", () => {
  expect(shades([2, 2])).toEqual([undefined, undefined]);
  expect(shades([2])).toEqual([undefined]);
  expect(shades([Number.POSITIVE_INFINITY, Number.NaN])).toEqual([undefined, undefined]);
});

test("the best is marked only where a way was chosen and something is worse", () => {
  expect(best([1, 3, 3, undefined], "higher")).toEqual([false, true, true, false]);
  expect(best([1, 3, Number.NEGATIVE_INFINITY], "lower")).toEqual([true, false, false]);
  expect(best([1, 3])).toEqual([false, false]);
  expect(best([3, 3], "higher")).toEqual([false, false]);
  expect(best([Number.NaN], "higher")).toEqual([false]);
});

test.each([
  [0.52, 0.5, "+0.02 (+4 %)"],
  [0.4, 0.5, "−0.1 (−20 %)"],
  [-2, -1, "−1 (−100 %)"],
  [1, 0, "+1"],
  [100, 1, "+99"],
  [3, 3, "="],
  [undefined, 3, ""],
  [Number.NaN, 3, ""],
  [1e-9, 0, "+1.0e-9"],
])("%d against %d is %s", (value, base, text) => {
  expect(deltaText(value, base)).toBe(text);
});

test("which way is better is asked in turn", () => {
  expect(nextBetter(undefined)).toBe("higher");
  expect(nextBetter("higher")).toBe("lower");
  expect(nextBetter("lower")).toBeUndefined();
});
