import { expect, test } from "vitest";
import { normalised, portOf, said } from "./endpoint";

test.each([
  ["http://127.0.0.1:5001/", "http://127.0.0.1:5001"],
  [" https://models.example/wine// ", "https://models.example/wine"],
  ["HTTP://LOCALHOST:80", "http://localhost"],
  ["127.0.0.1:5001", undefined],
  ["javascript:alert(1)", undefined],
  ["http://a/?x=1", undefined],
  ["", undefined],
])("%j is the address %j", (text, address) => {
  expect(normalised(text)).toBe(address);
});

test("ports that an address leaves out", () => {
  expect([portOf("http://a:5001"), portOf("http://a"), portOf("https://a")]).toEqual([5001, 80, 443]);
});

test.each([
  ['{"error_code": "BAD_REQUEST", "message": "no such column"}', "no such column"],
  ['{"error": {"message": "too long", "type": "x"}}', "too long"],
  ['{"error": "unknown model"}', "unknown model"],
  ["<html>", undefined],
])("what %s says", (text, words) => {
  expect(said(text)).toBe(words);
});
