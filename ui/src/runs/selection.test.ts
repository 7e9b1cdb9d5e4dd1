import { expect, test } from "vitest";
import type { Line } from "./lines";
import { allFlipped, isAll, stretched } from "./selection";

const lines: Line[] = ["a", "b", "c", "d"].map((id) => ({
  kind: "run",
  key: id,
  run: { info: { run_id: id } },
  level: 1,
  children: 0,
  open: false,
}));
const ids = (selected: ReadonlySet<string>) => [...selected].sort().join("");

test("a range goes either way, and gets what its last run gets", () => {
  expect(ids(stretched(new Set(["d"]), lines, "d", "b"))).toBe("bcd");
  expect(ids(stretched(new Set(["a", "b", "c"]), lines, "a", "c"))).toBe("");
  expect(ids(stretched(new Set(), lines, undefined, "b"))).toBe("b");
  expect(ids(stretched(new Set(), lines, "gone", "b"))).toBe("b");
});

test("all are selected, then none", () => {
  const all = allFlipped(new Set(["b"]), lines);
  expect(ids(all)).toBe("abcd");
  expect(isAll(all, lines)).toBe(true);
  expect(ids(allFlipped(all, lines))).toBe("");
  expect(isAll(new Set(), [])).toBe(false);
});
