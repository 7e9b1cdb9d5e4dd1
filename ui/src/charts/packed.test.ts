import { expect, test } from "vitest";
import { unpackChart } from "./packed";

function packed(runId: string, key: string, row: { x: bigint; last: number; count: bigint }): ArrayBuffer {
  const names = new TextEncoder().encode(runId + key);
  const padded = Math.ceil(names.length / 8) * 8;
  const buffer = new ArrayBuffer(16 + 24 + padded + 7 * 8);
  new Uint8Array(buffer).set(new TextEncoder().encode("HRCHART1"));
  const view = new DataView(buffer);
  view.setBigUint64(8, 1n, true);
  view.setBigUint64(16, 5n, true);
  view.setBigUint64(24, 1n, true);
  view.setUint32(32, new TextEncoder().encode(runId).length, true);
  view.setUint32(36, new TextEncoder().encode(key).length, true);
  new Uint8Array(buffer).set(names, 40);
  const at = 40 + padded;
  view.setBigInt64(at, row.x, true);
  view.setFloat64(at + 8, row.last, true);
  view.setBigInt64(at + 48, row.count, true);
  return buffer;
}

test("numbers and names are read from an answer", () => {
  const [found] = unpackChart(packed("run1", "verlust/größe", { x: 7n, last: 0.5, count: 5n }));
  expect(found).toMatchObject({ runId: "run1", key: "verlust/größe", total: 5 });
  expect([found?.x[0], found?.last[0], found?.count[0]]).toEqual([7, 0.5, 5]);
});

test.each([
  0n,
  -1n,
  -7n,
  4294967295n,
  4294967296n,
  -4294967297n,
  1790000000123n,
  BigInt(Number.MAX_SAFE_INTEGER),
])("the integer %d becomes the same double", (x) => {
  expect(unpackChart(packed("r", "k", { x, last: 0, count: 1n }))[0]?.x[0]).toBe(Number(x));
});

test("the largest doubles stand for infinities", () => {
  const last = (value: number) =>
    unpackChart(packed("r", "k", { x: 0n, last: value, count: 1n }))[0]?.last[0];
  expect(last(Number.MAX_VALUE)).toBe(Number.POSITIVE_INFINITY);
  expect(last(-Number.MAX_VALUE)).toBe(Number.NEGATIVE_INFINITY);
  expect(last(1e308)).toBe(1e308);
  expect(last(Number.NaN)).toBeNaN();
});

test("what is no chart is refused", () => {
  expect(() => unpackChart(new ArrayBuffer(64))).toThrow("no chart");
  expect(() => unpackChart(new ArrayBuffer(0))).toThrow("no chart");
});
