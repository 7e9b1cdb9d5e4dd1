import { expect, test } from "vitest";
import { Exact, firstOpen, isSplitTable, jsonRows, parseJson } from "./json";

const lines = (value: unknown, ...open: string[]) =>
  jsonRows(value, new Set(open)).map((row) => `${"  ".repeat(row.depth)}${row.name} ${row.text}`.trimEnd());

test("what is closed is one line, what is open is a line for each value", () => {
  const value = { a: [1, null], b: {}, c: "x" };
  expect(lines(value)).toEqual([" {3}"]);
  expect(lines(value, "$", "$/a")).toEqual([" {3}", "  a [2]", "    0 1", "    1 null", "  b {}", '  c "x"']);
});

test("a long list is told in parts, which are opened one by one", () => {
  const value = Array.from({ length: 250 }, (_, at) => at);
  expect(lines(value, "$")).toEqual([" [250]", "  0 … 99", "  100 … 199", "  200 … 249"]);
  expect(lines(value, "$", "$/#200")).toHaveLength(4 + 50);
});

test("NaN, infinities and long integers stay what they were", () => {
  const value = parseJson('{"a": NaN, "b": -Infinity, "c": 12345678901234567890, "d": "NaN 1", "e": 1.5}');
  expect(lines(value, "$")).toEqual([
    " {5}",
    "  a NaN",
    "  b -Infinity",
    "  c 12345678901234567890",
    '  d "NaN 1"',
    "  e 1.5",
  ]);
  expect((value as { a: unknown }).a).toBeInstanceOf(Exact);
  expect(() => parseJson("{")).toThrow();
});

test("a long text is cut, with its length", () => {
  expect(lines("y".repeat(1_000))[0]).toMatch(/^ "y{300}"… 1000 characters$/);
});

test("small things are open at first", () => {
  expect([...firstOpen({ a: { b: 1 }, c: Array(50).fill(0) })]).toEqual(["$", "$/a"]);
});

test.each([
  [{ columns: ["a"], data: [[1]] }, true],
  [{ columns: ["a"], data: [{ a: 1 }] }, false],
  [{ columns: "a", data: [] }, false],
  [[1], false],
  [null, false],
])("%j is a table: %s", (value, is) => {
  expect(isSplitTable(value)).toBe(is);
});
