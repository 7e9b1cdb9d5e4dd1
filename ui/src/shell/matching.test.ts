import { expect, test } from "vitest";
import { fitting } from "./matching";

const titled = (...titles: string[]) => titles.map((title) => ({ title }));
const found = (typed: string, ...titles: string[]) =>
  fitting(titled(...titles), typed).map((each) => each.title);

test("every word is in what fits, in any case and order", () => {
  expect(found("runs DOWN", "Download runs", "Delete runs", "Slow down runs")).toEqual([
    "Download runs",
    "Slow down runs",
  ]);
});

test("beginnings come before middles", () => {
  expect(found("no", "piano", "old notes", "Notes")).toEqual(["Notes", "old notes", "piano"]);
});

test("where nothing is typed all fit, in their order", () => {
  expect(found(" ", "b", "a")).toEqual(["b", "a"]);
});
