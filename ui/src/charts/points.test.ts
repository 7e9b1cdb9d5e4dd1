import { expect, test } from "vitest";
import { type Series, unpackChart } from "./packed";
import { joined, lineOf } from "./points";

function series(buckets: [number, number, number, number, number, number, number][]): Series {
  const longs = (at: number) => BigInt64Array.from(buckets, (bucket) => BigInt(bucket[at] ?? 0));
  const doubles = (at: number) => Float64Array.from(buckets, (bucket) => bucket[at] ?? 0);
  return {
    runId: "r",
    key: "loss",
    total: buckets.length,
    x: longs(0),
    last: doubles(1),
    minimum: doubles(2),
    minimumX: longs(3),
    maximum: doubles(4),
    maximumX: longs(5),
    count: longs(6),
  };
}

test("a bucket's spike stands where it was", () => {
  const line = lineOf(series([[9, 1, 0, 4, 50, 2, 10]]));
  expect(line).toEqual({ x: [2, 4, 9], y: [50, 0, 1] });
});

test("a bucket of one point is one point, NaN and infinities are gaps", () => {
  const line = lineOf(
    series([
      [1, 5, 5, 1, 5, 1, 1],
      [2, Number.NaN, Number.NaN, 2, Number.NaN, 2, 1],
      [3, Number.POSITIVE_INFINITY, 0, 3, 0, 3, 1],
    ]),
  );
  expect(line).toEqual({ x: [1, 2, 3], y: [5, null, null] });
});

test("lines of different steps share an axis", () => {
  const [x, a, b] = joined([
    { x: [0, 2], y: [1, null] },
    { x: [1, 2], y: [3, 4] },
  ]);
  expect(x).toEqual([0, 1, 2]);
  expect(a).toEqual([1, undefined, null]);
  expect(b).toEqual([undefined, 3, 4]);
});

test("a packed answer is read in place", () => {
  const names = new TextEncoder().encode("run1loss\0".slice(0, 8));
  const buffer = new ArrayBuffer(16 + 24 + 8 + 7 * 8);
  new Uint8Array(buffer).set(new TextEncoder().encode("HRCHART1"));
  const view = new DataView(buffer);
  view.setBigUint64(8, 1n, true);
  view.setBigUint64(16, 5n, true);
  view.setBigUint64(24, 1n, true);
  view.setUint32(32, 4, true);
  view.setUint32(36, 4, true);
  new Uint8Array(buffer).set(names, 40);
  view.setBigInt64(48, -7n, true);
  view.setFloat64(56, 0.5, true);
  view.setBigInt64(96, 5n, true);
  const [found] = unpackChart(buffer);
  expect(found).toMatchObject({ runId: "run1", key: "loss", total: 5 });
  expect(found?.x[0]).toBe(-7n);
  expect(found?.last[0]).toBe(0.5);
  expect(found?.count[0]).toBe(5n);
  expect(() => unpackChart(new ArrayBuffer(64))).toThrow("no chart");
});
