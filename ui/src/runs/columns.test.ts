import { expect, test } from "vitest";
import { columnOf, columnsOf, directionOf, nextOrder, projectionOf } from "./columns";

const run = {
  info: { status: "FINISHED", run_id: "r1" },
  data: {
    metrics: [{ key: "loss", value: "NaN", timestamp: 0, step: 0 }],
    params: [{ key: "rate", value: "0.1" }],
    tags: [{ key: "note", value: "two\nlines" }],
  },
};

test("a column of a key shows the value of a run, in one line", () => {
  const columns = columnsOf(["metrics.loss", "metrics.missing", "params.rate", "tags.note", "nonsense"]);
  expect(columns.map((column) => [column.id, column.text(run)])).toEqual([
    ["metrics.loss", "NaN"],
    ["metrics.missing", ""],
    ["params.rate", "0.1"],
    ["tags.note", "two lines"],
  ]);
});

test("a megabyte isn't put into a cell, and stays whole beside it", () => {
  const long = { info: {}, data: { params: [{ key: "blob", value: "x".repeat(1 << 20) }] } };
  expect(columnOf("params.blob")?.text(long).length).toBeLessThan(300);
  expect(columnOf("params.blob")?.full(long).length).toBe(1 << 20);
});

test("only the keys of chosen columns are fetched, and the tag that names a parent", () => {
  expect(projectionOf(["status", "params.b", "metrics.y", "params.a"])).toEqual({
    metrics: ["y"],
    params: ["a", "b"],
    tags: ["mlflow.parentRunId"],
  });
});

test("a column that is pressed orders down, then up, then not", () => {
  const field = "metrics.loss";
  expect(nextOrder("", field)).toBe("metrics.loss DESC");
  expect(nextOrder("metrics.loss DESC", field)).toBe("metrics.loss ASC");
  expect(nextOrder("metrics.loss ASC", field)).toBe("");
  expect(nextOrder("params.rate DESC", field)).toBe("metrics.loss DESC");
});

test("a column whose name begins another's isn't ordered by", () => {
  const column = columnOf("metrics.loss");
  expect(column && directionOf("metrics.loss_val DESC", column)).toBe("none");
  expect(column && directionOf("metrics.loss ASC", column)).toBe("ascending");
});
