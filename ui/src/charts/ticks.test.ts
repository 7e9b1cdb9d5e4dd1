import { expect, test } from "vitest";
import { logLabels, logPlaces, shortDuration } from "./ticks";

test("a log axis has its lines at the digits of each power of ten", () => {
  expect(logPlaces(0.5, 30)).toEqual([0.5, 0.6, 0.7, 0.8, 0.9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30]);
  expect(logPlaces(1e-30, 1e30)).toHaveLength(61);
});

test("powers of ten are labelled, 2 and 5 where there is only one", () => {
  const labels = (low: number, high: number) =>
    logLabels(logPlaces(low, high)).filter((each) => each !== null);
  expect(labels(0.0005, 5)).toEqual([0.001, 0.01, 0.1, 1]);
  expect(labels(0.5, 6)).toEqual([0.5, 1, 2, 5]);
  expect(labels(1e-30, 1e30).length).toBeLessThan(10);
});

test.each([
  [0, "0"],
  [1500, "1 s 500 ms"],
  [90_000, "1 min 30 s"],
  [3_600_000, "1 h"],
  [-120_000, "−2 min"],
  [90_061_001, "1 d 1 h"],
])("%d ms is %s", (ms, text) => expect(shortDuration(ms)).toBe(text));
