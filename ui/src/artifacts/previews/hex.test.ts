import { expect, test } from "vitest";
import { formatOf, hexLines } from "./hex";

const of = (...bytes: number[]) => new Uint8Array(bytes);

test("sixteen bytes a line, with the characters that they are", () => {
  const bytes = Uint8Array.from({ length: 18 }, (_, at) => 0x3d + at);
  expect(hexLines(bytes)).toEqual([
    "00000000  3d 3e 3f 40 41 42 43 44  45 46 47 48 49 4a 4b 4c  =>?@ABCDEFGHIJKL",
    "00000010  4d 4e                                             MN",
  ]);
  expect(hexLines(of(0, 255), 0x1000)[0]).toMatch(/^00001000 {2}00 ff .*··$/);
  expect(hexLines(of())).toEqual([]);
});

test.each([
  [of(0x50, 0x4b, 3, 4), /zip/],
  [of(0x1f, 0x8b, 8), /gzip/],
  [of(0x80, 5, 0x95), /pickle/],
  [of(0x47, 0x47, 0x55, 0x46), /GGUF/],
  [of(16, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22), /safetensors/],
])("%s", (bytes, format) => {
  expect(formatOf(bytes)).toMatch(format);
});

test("what isn't known isn't guessed", () => {
  expect(formatOf(of(1, 2, 3))).toBeUndefined();
});
