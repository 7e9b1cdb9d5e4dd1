import { expect, test } from "vitest";
import { correlationRatio, pearson, ranks, spearman } from "./correlation";

// Anscombe, Graphs in Statistical Analysis (1973), sets I and III.
const X = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
const Y1 = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
const Y3 = [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73];

test("Pearson's r of Anscombe's sets", () => {
  expect(pearson(X, Y1)).toBeCloseTo(0.81642, 5);
  expect(pearson(X, Y3)).toBeCloseTo(0.81629, 5);
});

test("Spearman's rho of Anscombe's sets", () => {
  expect(spearman(X, Y1)).toBeCloseTo(0.81818, 5);
  expect(spearman(X, Y3)).toBeCloseTo(0.99091, 5);
});

test("ties share a rank", () => {
  expect(ranks([3, 1, 3, 2])).toEqual([3.5, 1, 3.5, 2]);
  expect(ranks([5, 5, 5])).toEqual([2, 2, 2]);
  expect(ranks([])).toEqual([]);
});

test("what doesn't vary correlates with nothing", () => {
  expect(pearson([1, 1, 1], [1, 2, 3])).toBeUndefined();
  expect(spearman([1, 2, 3], [4, 4, 4])).toBeUndefined();
  expect(pearson([1], [2])).toBeUndefined();
  expect(pearson([], [])).toBeUndefined();
});

test("a perfect line is one, in both directions", () => {
  expect(pearson([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
  expect(pearson([1, 2, 3], [6, 4, 2])).toBeCloseTo(-1, 12);
});

test("the correlation ratio is one where groups say everything, zero where nothing", () => {
  expect(correlationRatio(["a", "a", "b"], [1, 1, 5])).toBe(1);
  expect(correlationRatio(["a", "b", "a", "b"], [1, 1, 3, 3])).toBe(0);
  // Between: 3 groups of Wikipedia's example (Algebra, Geometry, Statistics): η² = 6780 / 9640.
  const groups = [..."aaaaaggggssssss"];
  const scores = [45, 70, 29, 15, 21, 40, 20, 30, 42, 65, 95, 80, 70, 85, 73];
  expect(correlationRatio(groups, scores)).toBeCloseTo(Math.sqrt(6780 / 9640), 6);
  expect(correlationRatio(["a", "a"], [1, 2])).toBeUndefined();
});
