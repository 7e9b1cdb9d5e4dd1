import { expect, test } from "vitest";
import { analysisState } from "./state";

test("what can be used of an address is kept", () => {
  const state = {
    tab: "scatter",
    axes: ["params.rate", "metrics.loss"],
    brushes: { "params.rate": [0, 1], "params.kind": ["a", "b"] },
    logs: ["params.rate"],
    x: "params.rate",
    between: "nearest",
  };
  expect(analysisState(state)).toEqual(state);
});

test.each([[undefined], [null], ["text"], [{ tab: "pie", axes: "x", brushes: [1], logs: [3], x: 7, y: "" }]])(
  "%j says nothing",
  (given) => {
    expect(Object.values(analysisState(given)).flat()).toEqual([]);
  },
);

test("brushes that are no range are left out", () => {
  expect(analysisState({ brushes: { a: [2, 1], b: [1], c: [1, "x"], d: { low: 1 }, e: [] } })).toEqual({
    brushes: { e: [] },
  });
});
