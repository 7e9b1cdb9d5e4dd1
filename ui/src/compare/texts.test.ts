import { expect, test } from "vitest";
import { differenceOf } from "./texts";

test("lines that differ, with what stands around them", () => {
  const before = Array.from({ length: 20 }, (_, at) => `line ${at}`).join("\n");
  const found = differenceOf(before, before.replace("line 10", "line ten\nline ten and a half"));
  expect(found).toEqual({
    added: 2,
    removed: 1,
    lines: [
      { kind: "place", text: "@@ line 8 → 8 @@" },
      { kind: "same", text: " line 7" },
      { kind: "same", text: " line 8" },
      { kind: "same", text: " line 9" },
      { kind: "removed", text: "-line 10" },
      { kind: "added", text: "+line ten" },
      { kind: "added", text: "+line ten and a half" },
      { kind: "same", text: " line 11" },
      { kind: "same", text: " line 12" },
      { kind: "same", text: " line 13" },
    ],
  });
});

test("texts that are the same have no lines", () => {
  expect(differenceOf("a\nb", "a\nb")).toBe("same");
});

test("a text that is there on one side only", () => {
  expect(differenceOf("", "a\nb\n")).toMatchObject({ added: 2, removed: 0 });
});
