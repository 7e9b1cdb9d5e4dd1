import { expect, test } from "vitest";
import { durationText, fieldOf, metricText } from "./values";

test.each([
  [undefined, ""],
  [3, "3"],
  [0.1 + 0.2, "0.3"],
  [0.0000123, "1.230e-5"],
  [123456.789, "123460"],
  [5e12, "5.000e+12"],
  ["NaN", "NaN"],
  ["-Infinity", "-∞"],
  [1.7976931348623157e308, "∞"],
])("the metric %s is shown as %s", (value, text) => {
  expect(metricText(value)).toBe(text);
});

test("keys that aren't plain words are quoted for the filter language", () => {
  expect(fieldOf("metrics", "val.loss")).toBe("metrics.val.loss");
  expect(fieldOf("params", "learning rate")).toBe("params.`learning rate`");
  expect(fieldOf("tags", "a`b")).toBe('tags."a`b"');
});

test("a run that goes on has lasted until now, one that was lost has no duration", () => {
  const run = (info: object) => ({ info: { ...info } });
  expect(durationText(run({ start_time: 0, status: "RUNNING" }), 2_000)).toBe("2.0 s");
  expect(durationText(run({ start_time: 0, status: "FAILED" }), 2_000)).toBe("");
  expect(durationText(run({ start_time: 0, end_time: 500, status: "FINISHED" }))).toBe("500 ms");
});
