import { expect, test } from "vitest";
import { pathOfHash } from "./old-addresses";

test.each([
  ["", null],
  ["#main", null],
  ["#/", "/"],
  ["#/experiments/12", "/experiments/12"],
  ["#/experiments/12?searchFilter=x", "/experiments/12"],
  ["#/experiments/1/runs/ab12", "/experiments/1/runs/ab12"],
  ["#/experiments/1/runs/ab12/artifacts", "/experiments/1/runs/ab12"],
  ["#/models", "/models"],
  ["#/models/wine%20red", "/models/wine%20red"],
  ["#/models/wine/versions/3", "/models/wine/versions/3"],
  ['#/compare-runs?runs=["a","b"]&experiments=["7"]', "/experiments/7/compare?runs=a,b"],
])("%s leads to %s", (hash, path) => {
  expect(pathOfHash(hash)).toBe(path);
});
