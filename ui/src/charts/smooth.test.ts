import { expect, test } from "vitest";
import { averageBefore, smoothed, spacingOf } from "./smooth";

const line = (points: [number, number][]) => ({
  x: Float64Array.from(points, ([x]) => x),
  y: Float64Array.from(points, ([, y]) => y),
});

/** As TensorBoard's classic_smoothing: https://github.com/tensorflow/tensorboard, line_chart_v2/data_transformer. */
function tensorboards(values: number[], weight: number): number[] {
  let last = 0;
  return values.map((value, i) => {
    last = last * weight + (1 - weight) * value;
    return last / (1 - weight ** (i + 1));
  });
}

test("at even distances it is TensorBoard's", () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const found = smoothed(line(values.map((y, x) => [10 * x, y])), 0.6, 10);
  const wanted = tensorboards(values, 0.6);
  found.y.forEach((each, i) => {
    expect(each).toBeCloseTo(wanted[i] as number, 12);
  });
});

test("a constant stays what it is, also at uneven distances", () => {
  const found = smoothed(
    line([
      [0, 2],
      [1, 2],
      [50, 2],
      [51, 2],
    ]),
    0.99,
    17,
  );
  for (const each of found.y) expect(each).toBeCloseTo(2, 12);
});

test("a point that stands further away counts for more", () => {
  const near = smoothed(
    line([
      [0, 0],
      [1, 1],
    ]),
    0.9,
    1,
  ).y[1] as number;
  const far = smoothed(
    line([
      [0, 0],
      [10, 1],
    ]),
    0.9,
    1,
  ).y[1] as number;
  expect(far).toBeGreaterThan(near);
});

test("NaN and infinities stay and move nothing", () => {
  const found = smoothed(
    line([
      [0, 1],
      [1, Number.NaN],
      [2, Number.POSITIVE_INFINITY],
      [3, 1],
    ]),
    0.5,
    1,
  );
  expect([...found.y]).toEqual([1, Number.NaN, Number.POSITIVE_INFINITY, 1]);
});

test("a part that starts from the average before it goes on where the whole was", () => {
  const whole = line(Array.from({ length: 50 }, (_, x) => [x, Math.sin(x)]));
  const part = { x: whole.x.slice(20), y: whole.y.slice(20) };
  const found = smoothed(part, 0.8, 1, averageBefore(whole, 0.8, 1, 20));
  const all = smoothed(whole, 0.8, 1);
  found.y.forEach((each, i) => {
    expect(each).toBeCloseTo(all.y[20 + i] as number, 12);
  });
});

test("one point, equal x and nothing are smoothed without harm", () => {
  expect([...smoothed(line([[5, 3]]), 0.9, 0).y]).toEqual([3]);
  expect(
    smoothed(
      line([
        [5, 3],
        [5, 4],
      ]),
      0.9,
      0,
    ).y.every(Number.isFinite),
  ).toBe(true);
  expect(smoothed(line([]), 0.9, 0).y).toHaveLength(0);
  expect(spacingOf({ x: new Float64Array([1, 2, 9]), total: 3 })).toBe(4);
  expect(spacingOf({ x: new Float64Array([1]), total: 1 })).toBe(0);
  expect(spacingOf({ x: new Float64Array([1, 1000]), total: 1_000_000 })).toBe(1);
});
