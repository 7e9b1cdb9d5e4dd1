import { expect, test } from "vitest";
import { bucketsFor, wantedOf } from "./views";

test("a bucket a pixel, capped; a width that changes a little asks for the same", () => {
  expect(bucketsFor(330)).toBe(384);
  expect(bucketsFor(350)).toBe(384);
  expect(bucketsFor(0)).toBe(64);
  expect(bucketsFor(1e6)).toBe(4096);
});

test("ranges are whole numbers that a request can say", () => {
  const view = { key: "a", x: "step" as const, buckets: 64, range: [0.2, 9.9] as [number, number] };
  expect(wantedOf(view, { runId: "r" })).toMatchObject({ start: 1, end: 9 });
  expect(wantedOf({ ...view, range: [3.2, 3.8] }, { runId: "r" })).toMatchObject({ start: 4, end: 4 });
  expect(wantedOf({ ...view, range: [-1e300, 1e300] }, { runId: "r" })).toMatchObject({
    start: Number.MIN_SAFE_INTEGER,
    end: Number.MAX_SAFE_INTEGER,
  });
});
