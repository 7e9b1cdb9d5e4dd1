import { expect, test } from "vitest";
import type { CheckFields } from "@/api/endpoints";
import { checkWords, demands, metricsOf, unsignedWords } from "./gates";

test.each<[CheckFields, string]>([
  [{ check: "metric", metric: "auc", minimum: 0.8 }, "auc is at least 0.8"],
  [
    { check: "metric", metric: "loss", maximum: 1, better: "lower", margin: 0.1 },
    "loss is at most 1, and lower than the alias's present version by at least 0.1",
  ],
  [
    { check: "metric", metric: "auc", better: "higher" },
    "auc is as good as the alias's present version, or higher",
  ],
  [{ check: "tag", key: "evaluation", value: "passed" }, "the tag evaluation is “passed”"],
])("%o in words", (check, words) => {
  expect(checkWords(check)).toBe(words);
});

test("a policy that asks for nothing demands nothing", () => {
  expect(demands({})).toBe(false);
  expect(demands({ unsigned: "no_load", keys: ["k"] })).toBe(true);
  expect(unsignedWords({ unsigned: "no_alias", keys: ["a", "b"] })).toContain("one of the policy's 2 keys");
  expect(unsignedWords({})).toBeUndefined();
});

test("metrics of the policy, each once", () => {
  const metric = { check: "metric", metric: "auc", minimum: 0 } as const;
  expect(
    metricsOf({
      gates: [
        { alias: "a", checks: [metric] },
        { alias: "b", checks: [metric] },
      ],
    }),
  ).toEqual(["auc"]);
});
