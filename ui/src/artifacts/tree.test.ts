import { expect, test } from "vitest";
import { foldersTo, moveBy, type Row } from "./tree";

const rows: Row[] = [
  { id: "a", depth: 0, open: true },
  { id: "a/b", depth: 1, open: false },
  { id: "a/c", depth: 1 },
  { id: "d", depth: 0 },
];

test.each([
  ["ArrowDown", 0, { to: "a/b" }],
  ["ArrowDown", 3, { to: "d" }],
  ["ArrowUp", 0, { to: "a" }],
  ["ArrowRight", 0, { to: "a/b" }],
  ["ArrowRight", 1, { toggle: "a/b" }],
  ["ArrowRight", 2, undefined],
  ["ArrowLeft", 0, { toggle: "a" }],
  ["ArrowLeft", 2, { to: "a" }],
  ["ArrowLeft", 3, { to: "d" }],
  ["End", 0, { to: "d" }],
  ["Home", 3, { to: "a" }],
  ["Enter", 2, { select: "a/c" }],
  ["x", 2, undefined],
])("%s on row %i", (key, at, move) => {
  expect(moveBy(key, rows, at)).toEqual(move);
});

test("a key on nothing leads to the first row", () => {
  expect(moveBy("ArrowDown", rows, -1)).toEqual({ to: "a" });
  expect(moveBy("ArrowDown", [], -1)).toBeUndefined();
});

test("the way to a folder names each folder on it", () => {
  expect(foldersTo("a/b/c")).toEqual(["a", "a/b", "a/b/c"]);
  expect(foldersTo("")).toEqual([]);
});
