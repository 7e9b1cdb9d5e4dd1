import { expect, test } from "vitest";
import type { Line } from "./lines";
import { addressOf, allFlipped, isAll, MOST_IN_ADDRESS, selectedIn, stretched } from "./selection";

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

test("an address says which are selected, in their order, until they are too many", () => {
  const many = (count: number) => new Set(Array.from({ length: count }, (_, at) => `run-${at}`));
  expect(addressOf(new Set(["b", "a"]))).toBe("b,a");
  expect([...selectedIn("b,a,b")]).toEqual(["b", "a"]);
  expect(addressOf(new Set())).toBeUndefined();
  expect(selectedIn(addressOf(many(MOST_IN_ADDRESS)))).toEqual(many(MOST_IN_ADDRESS));
  expect(addressOf(many(MOST_IN_ADDRESS + 1))).toBeUndefined();
});

test("what can't be an id isn't selected", () => {
  expect(selectedIn(undefined).size).toBe(0);
  expect([...selectedIn(`,a,x' OR 'a' = 'a, ,${"y".repeat(65)},b`)]).toEqual(["a", "b"]);
  expect(selectedIn(Array.from({ length: 500 }, (_, at) => at).join()).size).toBe(MOST_IN_ADDRESS);
});
