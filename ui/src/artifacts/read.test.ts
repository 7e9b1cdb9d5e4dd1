import { expect, test } from "vitest";
import { looksLikeText, textOf } from "./read";

const utf8 = (text: string) => new TextEncoder().encode(text);

test("UTF-8, UTF-16 with its mark, and old encodings are read", () => {
  expect(textOf(utf8("café"))).toBe("café");
  expect(textOf(new Uint8Array([0xff, 0xfe, 0x61, 0, 0x62, 0]))).toBe("ab");
  expect(textOf(new Uint8Array([0x63, 0xe9, 0x20, 0x61]))).toBe("cé a");
});

test("a character that is cut at the end is left out, not made another", () => {
  expect(textOf(utf8("ab€").slice(0, 4))).toBe("ab");
});

test("zero bytes make a file no text, unless it says that it is UTF-16", () => {
  expect(looksLikeText(utf8("plain"))).toBe(true);
  expect(looksLikeText(new Uint8Array([1, 0, 2]))).toBe(false);
  expect(looksLikeText(new Uint8Array([0xff, 0xfe, 0x61, 0]))).toBe(true);
});
