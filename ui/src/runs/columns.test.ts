import { expect, test } from "vitest";
import { columnsOf, nextOrder } from "./columns";

const run = {
  info: { status: "FINISHED" },
  data: {
    metrics: [{ key: "loss", value: "NaN", timestamp: 0, step: 0 }],
    params: [{ key: "rate", value: "0.1" }],
  },
};

test("chosen keys have a column each, with the value of a run", () => {
  const columns = columnsOf(["loss", "missing"], ["rate"]);
  expect(columns.slice(4).map((column) => [column.id, column.text(run)])).toEqual([
    ["metrics.loss", "NaN"],
    ["metrics.missing", ""],
    ["params.rate", "0.1"],
  ]);
});

test("a column that is pressed orders down, then up, then not", () => {
  const field = "metrics.loss";
  expect(nextOrder("", field)).toBe("metrics.loss DESC");
  expect(nextOrder("metrics.loss DESC", field)).toBe("metrics.loss ASC");
  expect(nextOrder("metrics.loss ASC", field)).toBe("");
  expect(nextOrder("params.rate DESC", field)).toBe("metrics.loss DESC");
});
