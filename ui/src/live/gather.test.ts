import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gathered } from "./gather";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a hundred changes in a second are told twice, each id once", async () => {
  const told: string[][] = [];
  const { add } = gathered((ids) => told.push(ids), 1_000);
  for (let at = 0; at < 100; at += 1) {
    add([`run${at % 3}`]);
    await vi.advanceTimersByTimeAsync(10);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual([["run0"], ["run1", "run2", "run0"]]);
});

test("whoever left hears nothing more", async () => {
  const told: string[][] = [];
  const { add, stop } = gathered((ids) => told.push(ids), 1_000);
  add(["a"]);
  stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual([]);
});
