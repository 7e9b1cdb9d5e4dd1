import { expect, test } from "vitest";
import { firstColumns } from "./firstColumns";

const run = (metrics: Record<string, number>, params: Record<string, string>) => ({
  info: {},
  data: {
    metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: 0 })),
    params: Object.entries(params).map(([key, value]) => ({ key, value })),
  },
});

test("metrics and params that differ come first, and there are eight columns at most", () => {
  const sample = [
    run(
      { loss: 1, epoch: 9, "system/cpu": 1, acc: 0.1, f1: 1, auc: 1, mae: 1 },
      { rate: "1", seed: "4", model: "a", prompt: "x".repeat(400) },
    ),
    run(
      { loss: 2, epoch: 9, "system/cpu": 2, acc: 0.2, f1: 2, auc: 2, mae: 2 },
      { rate: "2", seed: "4", model: "b" },
    ),
  ];
  const columns = firstColumns(
    sample,
    ["acc", "auc", "epoch", "f1", "loss", "mae", "system/cpu"],
    ["model", "prompt", "rate", "seed"],
  );
  expect(columns).toEqual([
    "status",
    "start",
    "metrics.f1",
    "metrics.acc",
    "metrics.auc",
    "params.model",
    "params.rate",
    "duration",
  ]);
});

test("where runs are alike, metrics are shown and params aren't", () => {
  const columns = firstColumns([run({ loss: 1 }, { rate: "1" })], ["loss"], ["rate"]);
  expect(columns).toEqual(["status", "start", "metrics.loss", "duration"]);
});
