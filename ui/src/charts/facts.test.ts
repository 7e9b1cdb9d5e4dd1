import { expect, test } from "vitest";
import { factsOf, factsWithin } from "./facts";

const line = (y: number[]) => ({ x: Float64Array.from(y, (_, i) => i), y: Float64Array.from(y) });

test("extremes, the least above zero and the last of finite values, and what else there is", () => {
  expect(factsOf(line([3, -2, 0.5, Infinity, NaN]))).toEqual({
    points: 5,
    low: -2,
    high: 3,
    lowAbove: 0.5,
    last: 0.5,
    lastX: 2,
    nan: true,
    infinite: true,
    notAbove: true,
  });
  expect(factsOf(line([1, 2]))).toMatchObject({ nan: false, infinite: false, notAbove: false });
});

test("without a finite value, there are no extremes", () => {
  const { points, low, high } = factsOf(line([NaN, -Infinity]));
  expect([points, low > high]).toEqual([2, true]);
});

test("a range takes in its ends, and points that share the last x", () => {
  const { x, y } = line([9, 1, 5, 7, -9]);
  x[3] = 2;
  const both = { x, y };
  expect(factsWithin(both, { low: 1, high: 2 })).toMatchObject({ points: 3, low: 1, high: 7, last: 7 });
  expect(factsWithin(both, { low: 1, high: 1.5 })).toMatchObject({ points: 1, low: 1, high: 1 });
  expect(factsWithin(both, { low: 7, high: 8 })).toMatchObject({ points: 0 });
  expect(factsWithin(both, { low: 0, high: 4 })).toBe(factsOf(both));
});
