import { expect, test } from "vitest";
import { firstLine } from "./notes";

test.each([
  ["", ""],
  ["\n\n# Wines of the **south**\nmore", "Wines of the south"],
  ["---\n- see [the paper](https://example.org/a)", "see the paper"],
  ["![plot](plot.png) of `loss`", "plot of loss"],
  ["2 * 3 * 4_5", "2 * 3 * 4_5"],
  ["<b>not bold</b>", "<b>not bold</b>"],
])("%j says %j", (note, line) => {
  expect(firstLine(note)).toBe(line);
});
