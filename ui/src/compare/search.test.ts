import { expect, test } from "vitest";
import { compareSearch, runIdsOf } from "./search";

test("an address is read as it was written", () => {
  const search = {
    runs: "a,b",
    view: "images",
    baseline: "a",
    different: true,
    value: "max",
    better: { loss: "lower" },
    closed: ["params", "code"],
    charts: { x: "time" },
    series: "samples",
    step: 4,
  };
  expect(compareSearch(search)).toEqual(search);
});

test("what isn't understood is left out", () => {
  const found = compareSearch({
    runs: 7,
    view: "pie",
    better: { loss: "left" },
    closed: ["x"],
    charts: 3,
    step: "2",
  });
  expect(found).toEqual({ runs: "7", closed: [] });
});

test("each run is told once", () => {
  expect(runIdsOf({ runs: " a,b,,a , c" })).toEqual(["a", "b", "c"]);
  expect(runIdsOf({ runs: "" })).toEqual([]);
});
