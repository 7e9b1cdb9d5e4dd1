import { expect, test } from "vitest";
import { plainText } from "./ansi";

test.each([
  ["\u001b[31mred\u001b[0m", "red"],
  ["a\r\nb\r\n", "a\nb\n"],
  ["10 %\r50 %\r100 %\ndone", "100 %\ndone"],
  ["\u001b]0;title\u0007text", "text"],
  ["\u001b[2K\u001b[1Gnext", "next"],
  ["plain", "plain"],
  ["50 %\r", "50 %\r"],
])("%j is read as %j", (text, plain) => {
  expect(plainText(text)).toBe(plain);
});
