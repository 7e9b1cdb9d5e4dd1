import { expect, test } from "vitest";
import { csvLine } from "./csv";

test("fields with commas, quotes and lines stand in quotes", () => {
  expect(csvLine(["a", 'say "hi", twice', "one\ntwo", 0.1])).toBe('a,"say ""hi"", twice","one\ntwo",0.1\r\n');
});

test("what a table program would run becomes text, numbers stay numbers", () => {
  expect(csvLine(["=1+1", "@x", "-cmd", "-1.5", "-Infinity", -2])).toBe(
    "'=1+1,'@x,'-cmd,-1.5,-Infinity,-2\r\n",
  );
});
