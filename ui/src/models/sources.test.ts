import { expect, test } from "vitest";
import { shownMetrics, sourceOf } from "./sources";

test("of a run its name, its place and its metrics; the machine's aren't shown", () => {
  const metrics = ["loss", "system/cpu"].map((key) => ({ key, value: 1, timestamp: 0 }));
  const run = { info: { run_id: "ab", experiment_id: "7", run_name: "hen" }, data: { metrics } };
  expect(sourceOf({ run } as never)).toEqual({
    id: "ab",
    name: "hen",
    experimentId: "7",
    metrics: new Map([["loss", 1]]),
  });
});

test("metrics of the policy come first, then what most versions have", () => {
  const versions = [
    ["b", "a"],
    ["b", "rare", "auc"],
  ].map((keys) => new Map(keys.map((key) => [key, 1])));
  expect(shownMetrics(versions, ["auc", "gone"], 3)).toEqual(["auc", "b", "a"]);
});
