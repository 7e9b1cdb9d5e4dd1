import { expect, test } from "vitest";
import { ago, duration } from "./times";

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [1_000, "1.0 s"],
  [59_900, "59.9 s"],
  [479_700, "7 min 59 s"],
  [3_600_000, "1 h 0 min"],
  [172_800_000, "2 d 0 h"],
])("%d ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("times are said from now", () => {
  expect(ago(undefined)).toBe("");
  expect(ago(1_000, 30_000)).toBe("just now");
  expect(ago(0, 7_200_000)).toBe("2 hours ago");
  expect(ago(0, 90_000_000)).toBe("yesterday");
});
