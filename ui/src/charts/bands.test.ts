import { expect, test } from "vitest";
import { evenly, groupOf } from "./bands";

const line = (points: [number, number][]) => ({
  x: Float64Array.from(points, ([x]) => x),
  y: Float64Array.from(points, ([, y]) => y),
});

test("mean and range of two runs, between their points too", () => {
  const group = groupOf(
    [
      line([
        [0, 0],
        [10, 10],
      ]),
      line([
        [0, 10],
        [5, 10],
        [10, 10],
      ]),
    ],
    evenly(3, { low: 0, high: 10, log: false }),
  );
  expect([...group.x]).toEqual([0, 5, 10]);
  expect([...group.mean]).toEqual([5, 7.5, 10]);
  expect([...group.low]).toEqual([0, 5, 10]);
  expect([...group.high]).toEqual([10, 10, 10]);
});

test("a run counts only where it has values; NaN and infinities count nowhere", () => {
  const group = groupOf(
    [
      line([
        [0, 1],
        [4, 1],
      ]),
      line([
        [4, 3],
        [6, Number.NaN],
        [7, Number.POSITIVE_INFINITY],
        [8, 3],
      ]),
    ],
    evenly(3, { low: 0, high: 8, log: false }),
  );
  expect([...group.mean]).toEqual([1, 2, 3]);
  expect(Math.max(...group.high)).toBe(3);
});

test("a spike between two places widens the band", () => {
  const group = groupOf(
    [
      line([
        [0, 0],
        [3, 0],
        [4, 50],
        [5, 0],
        [100, 0],
      ]),
    ],
    evenly(11, { low: 0, high: 100, log: false }),
  );
  expect(Math.max(...group.high)).toBe(50);
});

test("one x, and nothing", () => {
  const one = groupOf([line([[5, 2]]), line([[5, 4]])], new Float64Array([5]));
  expect([one.mean[0], one.low[0], one.high[0]]).toEqual([3, 2, 4]);
  expect(groupOf([], evenly(4, { low: 0, high: 1, log: false })).x).toHaveLength(0);
});

test("places lie evenly as they are seen", () => {
  expect([...evenly(3, { low: 0, high: 10, log: false })]).toEqual([0, 5, 10]);
  expect([...evenly(3, { low: 1, high: 100, log: true })].map(Math.round)).toEqual([1, 10, 100]);
});

test("runs whose first buckets are known by later points start together", () => {
  const late = line([
    [3, 2],
    [399, 2],
  ]);
  const group = groupOf(
    [
      late,
      line([
        [0, 0],
        [399, 0],
      ]),
    ],
    evenly(400, { low: 0, high: 399, log: false }),
  );
  expect([...group.mean].every((mean) => mean === 1)).toBe(true);
});
