import { expect, test } from "vitest";
import { kindOf, languageOf } from "./kinds";
import { sizeText } from "./sizes";

test.each([
  ["model/MLmodel", "mlmodel"],
  ["a/MLproject", "yaml"],
  ["plots/Loss.PNG", "image"],
  ["train.tsv", "table"],
  ["part-0.snappy.parquet", "parquet"],
  ["requirements.txt", "text"],
  ["src/train.py", "code"],
  ["Dockerfile", "code"],
  ["conf.toml", "code"],
  ["weights.safetensors", "unknown"],
  ["noending", "unknown"],
  ["v1.2/noending", "unknown"],
  ["report.html", "html"],
])("%s is shown as %s", (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

test("code is highlighted by its language, and a picture that is text as what it is written in", () => {
  expect(languageOf("a/train.py")).toBe("python");
  expect(languageOf("icon.svg")).toBe("xml");
  expect(languageOf("notes.txt")).toBeUndefined();
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 KB"],
  [999_999, "1.0 MB"],
  [123_456_789, "123 MB"],
  [undefined, ""],
])("%s bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
