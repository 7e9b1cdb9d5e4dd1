import { expect, test } from "vitest";
import { hidden, moved, pinFlipped, stepped } from "./columnMoves";

const now = { columns: ["a", "b", "c", "d"], pinned: ["c"] };

test("a column is dropped beside another one", () => {
  expect(moved(now, "a", "b", "after").columns).toEqual(["b", "a", "c", "d"]);
  expect(moved(now, "d", "a", "before").columns).toEqual(["d", "a", "b", "c"]);
  expect(moved(now, "a", "a", "after")).toEqual(now);
  expect(moved(now, "gone", "a", "after")).toEqual(now);
});

test("beside a pinned column it is pinned, beside another one it isn't any more", () => {
  expect(moved(now, "a", "c", "before")).toEqual({ columns: ["a", "b", "c", "d"], pinned: ["a", "c"] });
  expect(moved(now, "c", "a", "after")).toEqual({ columns: ["a", "c", "b", "d"], pinned: [] });
  expect(moved(now, "d", "name", "after").pinned).toEqual(["d", "c"]);
});

test("steps go among those of the same kind, and stop at the edge", () => {
  expect(stepped(now, "b", 1).columns).toEqual(["a", "c", "d", "b"]);
  expect(stepped(now, "a", -1)).toEqual(now);
  expect(stepped(now, "c", 1)).toEqual(now);
});

test("pinning and hiding", () => {
  expect(pinFlipped(now, "a").pinned).toEqual(["c", "a"]);
  expect(pinFlipped(now, "c").pinned).toEqual([]);
  expect(hidden(now, "c")).toEqual({ columns: ["a", "b", "d"], pinned: [] });
});
