import { expect, test } from "vitest";
import { bucketsCsv } from "./csv";
import { madeSeries, pointsOf } from "./madeSeries";

test("buckets are a line each, with the run's name as text", () => {
  const series = new Map([["r", madeSeries(pointsOf(4), 2)]]);
  const lines = bucketsCsv(
    "loss",
    [
      { runId: "r", name: "=evil()" },
      { runId: "none", name: "" },
    ],
    series,
  ).split("\r\n");
  expect(lines[1]).toBe("r,'=evil(),loss,1,1,0,0,1,1,2");
  expect(lines).toHaveLength(4);
});
