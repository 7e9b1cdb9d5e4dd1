import { expect, test } from "vitest";
import { type Column, ofTexts } from "./columns";
import { questionOf } from "./importances";

const column = (name: string, ...texts: (string | null)[]): Column => ofTexts(`params.${name}`, name, texts);

test("runs without the metric, and params that say nothing, are left out", () => {
  const params = [
    column("rate", "1", "2", "3", "4"),
    column("seed", "7", "7", "7", "9"),
    column("gone", null, null, null, null),
  ];
  const found = questionOf(params, [2, 4, 6, Number.NaN]);
  expect(found.target).toEqual([2, 4, 6]);
  expect(found.facts).toMatchObject([{ title: "rate", count: 3, values: 3 }]);
  expect(found.facts[0]?.pearson).toBeCloseTo(1, 12);
  expect(found.constant).toEqual(["seed"]);
});

test("names become a column each, those that stand alone none", () => {
  const found = questionOf([column("kind", "a", "b", "a", "b", "c", null)], [1, 2, 1, 2, 5, 9]);
  expect(found.features[0]?.columns).toEqual([
    [1, 0, 1, 0, 0, 0],
    [0, 1, 0, 1, 0, 0],
    [0, 0, 0, 0, 0, 1],
  ]);
  expect(found.facts[0]).toMatchObject({ kind: "names", values: 3, count: 5, eta: 1 });
});

test("a param that some runs lack may matter though it has one value", () => {
  const found = questionOf([column("warmup", "100", null, "100", null)], [1, 2, 1, 2]);
  expect(found.facts[0]).toMatchObject({ title: "warmup", count: 2, pearson: undefined });
  expect(found.features[0]?.columns).toEqual([[100, null, 100, null]]);
});

test("names that are all different don't go together with anything", () => {
  const found = questionOf([column("id", "x", "y", "z")], [1, 2, 3]);
  expect(found.facts[0]?.eta).toBeUndefined();
  expect(found.features[0]?.columns).toEqual([]);
});

test("infinite values don't spoil a correlation", () => {
  const found = questionOf([column("decay", "1", "2", "inf", "4")], [1, 2, 9, 4]);
  expect(found.facts[0]).toMatchObject({ count: 3 });
  expect(found.facts[0]?.spearman).toBeCloseTo(1, 12);
});
