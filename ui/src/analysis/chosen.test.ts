import { expect, test } from "vitest";
import { chosenOf, ranked, wantedIds } from "./chosen";
import { ofTexts } from "./columns";

const keys = {
  metrics: ["system/cpu", "train/loss", "val/accuracy"],
  params: ["batch", "kind", "rate", "width"],
};
const columns = new Map(
  [
    ofTexts("params.batch", "batch", ["64", "64"]),
    ofTexts("params.kind", "kind", ["a", "b"]),
    ofTexts("params.rate", "rate", ["0.1", "0.2"]),
    ofTexts("params.width", "width", ["1", "2"]),
    ofTexts("metrics.val/accuracy", "val/accuracy", ["0.5", "0.6"]),
  ].map((column) => [column.id, column]),
);

test("metrics that decide come before those of training and of the machine", () => {
  expect(ranked(keys.metrics)).toEqual(["val/accuracy", "train/loss", "system/cpu"]);
});

test("pictures start with what varies", () => {
  expect(chosenOf({}, keys, columns)).toMatchObject({
    axes: ["params.kind", "params.rate", "params.width", "metrics.val/accuracy"],
    x: "params.rate",
    y: "metrics.val/accuracy",
    param: "params.kind",
  });
  expect(chosenOf({ tab: "contour" }, keys, columns)).toMatchObject({
    x: "params.rate",
    y: "params.width",
    z: "metrics.val/accuracy",
  });
});

test("what the address says stands", () => {
  const state = { axes: ["params.batch"], x: "metrics.train/loss", colour: "none", tab: "parallel" as const };
  expect(chosenOf(state, keys, columns)).toMatchObject({ axes: ["params.batch"], x: "metrics.train/loss" });
  expect(chosenOf(state, keys, columns).colour).toBeUndefined();
});

test("nothing logged is no reason to fail", () => {
  expect(chosenOf({}, { metrics: [], params: [] }, new Map())).toMatchObject({ axes: [], x: undefined });
});

test("what is fetched: each column once, all params for importances", () => {
  const many = { metrics: [], params: Array.from({ length: 300 }, (_, at) => `p${at}`) };
  expect(wantedIds({ x: "params.p0" }, many)).toHaveLength(30);
  expect(wantedIds({ tab: "importance" }, many)).toHaveLength(200);
});

test("learning rates start on a logarithmic scale, until somebody says otherwise", () => {
  const spread = new Map([["params.rate", ofTexts("params.rate", "rate", ["1e-5", "1e-3", "0.1"])]]);
  expect(chosenOf({}, keys, spread).logs).toEqual(["params.rate"]);
  expect(chosenOf({ logs: [] }, keys, spread).logs).toEqual([]);
});
