import { expect, test } from "vitest";
import { firstLine } from "./firstLine";

test.each([
  ["# Wines of the south\n\nmore", "Wines of the south"],
  ["\n---\n> **Which** `cultivar` it is", "Which cultivar it is"],
  ["see [the docs](https://example.org)", "see the docs"],
  ["snake_case stays, 2 * 3 * 4 too", "snake_case stays, 2 * 3 * 4 too"],
  ["", ""],
])("%j says %j first", (markdown, line) => {
  expect(firstLine(markdown)).toBe(line);
});
