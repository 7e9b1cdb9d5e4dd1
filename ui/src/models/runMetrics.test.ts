import { expect, test } from "vitest";
import { shownMetrics } from "./runMetrics";

test("metrics of the policy come first, then what most versions have; the machine's never", () => {
  const versions = [
    new Map([
      ["b", 1],
      ["a", 1],
      ["system/cpu", 1],
    ]),
    new Map([
      ["b", 2],
      ["rare", 2],
      ["auc", 2],
    ]),
    undefined,
  ];
  expect(shownMetrics(versions, ["auc", "gone"], 3)).toEqual(["auc", "b", "a"]);
});
