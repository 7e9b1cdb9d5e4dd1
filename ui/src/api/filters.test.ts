import { expect, test } from "vitest";
import { nameFilter, quoted } from "./filters";

test.each([
  ["", ""],
  ["my_model", "name ILIKE '%my_model%'"],
  ["it's", 'name ILIKE "%it\'s%"'],
  ["6\" it's", 'name ILIKE "%6_ it\'s%"'],
  ["C:\\x", "name ILIKE '%C:\\x%'"],
])("names with %s are found by a filter", (text, filter) => {
  expect(nameFilter(text)).toBe(filter);
});

test("text is quoted by what it doesn't hold", () => {
  expect(quoted("wine")).toBe("'wine'");
  expect(quoted("winemaker's")).toBe('"winemaker\'s"');
});
