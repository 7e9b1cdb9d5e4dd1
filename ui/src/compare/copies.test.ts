import { expect, test } from "vitest";
import { csvOf, markdownOf } from "./copies";
import type { Row } from "./rows";

const rows: Row[] = [
  { section: "params", key: "rate", values: ["0.1", undefined], differs: true },
  { section: "params", key: "a|b", values: ['say "x"', "1,5\n2"], differs: true },
  { section: "metrics", key: "loss", values: ["0.25", "0.5"], differs: true },
];

test("Markdown has a table for each section, and no cell breaks out of it", () => {
  expect(markdownOf(["one", "two"], rows)).toBe(
    [
      "| Params | one | two |",
      "| --- | --- | --- |",
      "| rate | 0.1 |  |",
      '| a\\|b | say "x" | 1,5<br>2 |',
      "",
      "| Metrics | one | two |",
      "| --- | --- | --- |",
      "| loss | 0.25 | 0.5 |",
      "",
    ].join("\n"),
  );
});

test("CSV quotes what needs it", () => {
  expect(csvOf(["one", "two, or so"], rows)).toBe(
    [
      'Section,Name,one,"two, or so"',
      "params,rate,0.1,",
      'params,a|b,"say ""x""","1,5\n2"',
      "metrics,loss,0.25,0.5",
      "",
    ].join("\r\n"),
  );
});
