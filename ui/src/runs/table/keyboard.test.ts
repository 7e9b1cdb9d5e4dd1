import { expect, test } from "vitest";
import { keyTarget } from "./keyboard";

const size = { rows: 100, columns: 5, page: 20 };

test.each([
  ["ArrowDown", false, { row: 4, column: 2 }, { row: 5, column: 2 }],
  ["ArrowDown", false, { row: 99, column: 2 }, { row: 99, column: 2 }],
  ["ArrowUp", false, { row: 0, column: 2 }, { row: -1, column: 2 }],
  ["ArrowUp", true, { row: 50, column: 2 }, { row: 0, column: 2 }],
  ["ArrowRight", false, { row: 4, column: 4 }, { row: 4, column: 4 }],
  ["ArrowLeft", true, { row: 4, column: 4 }, { row: 4, column: 0 }],
  ["PageDown", false, { row: 90, column: 1 }, { row: 99, column: 1 }],
  ["PageUp", false, { row: 10, column: 1 }, { row: 0, column: 1 }],
  ["End", true, { row: 4, column: 1 }, { row: 99, column: 4 }],
  ["Home", false, { row: 4, column: 3 }, { row: 4, column: 0 }],
  ["x", false, { row: 4, column: 3 }, undefined],
])("%s (with Ctrl: %s) from %j leads to %j", (key, far, from, to) => {
  expect(keyTarget(key, far, from, size)).toEqual(to);
});

test("a table without rows has its header", () => {
  expect(keyTarget("ArrowDown", false, { row: -1, column: 0 }, { ...size, rows: 0 })).toEqual({
    row: -1,
    column: 0,
  });
});
