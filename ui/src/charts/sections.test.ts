import { expect, test } from "vitest";
import { matching, patternProblem, sectionsOf } from "./sections";

const KEYS = ["acc", "loss", "system/cpu", "train/acc", "train/loss", "val/loss", "/odd"];

test("a section by prefix: those without one first, the system's last", () => {
  expect(sectionsOf(KEYS)).toEqual([
    { title: "metrics", keys: ["acc", "loss", "/odd"] },
    { title: "train", keys: ["train/acc", "train/loss"] },
    { title: "val", keys: ["val/loss"] },
    { title: "system", keys: ["system/cpu"] },
  ]);
});

test("sections by regular expressions come first, in their order; each key is in one", () => {
  expect(sectionsOf(KEYS, ["loss$", "nothing", "^train/"])).toEqual([
    { title: "loss$", keys: ["loss", "train/loss", "val/loss"] },
    { title: "^train/", keys: ["train/acc"] },
    { title: "metrics", keys: ["acc", "/odd"] },
    { title: "system", keys: ["system/cpu"] },
  ]);
});

test("a pattern that can't be read makes no section, and is told", () => {
  expect(sectionsOf(["a"], ["("])).toEqual([{ title: "metrics", keys: ["a"] }]);
  expect(patternProblem(["ok", "("])).toMatch(/Invalid regular expression/);
  expect(patternProblem(["ok"])).toBeUndefined();
});

test("keys are found by text whatever the case, or by a regular expression", () => {
  expect(matching(KEYS, "LOSS").keys).toEqual(["loss", "train/loss", "val/loss"]);
  expect(matching(KEYS, "/^(train|val)/").keys).toEqual(["train/acc", "train/loss", "val/loss"]);
  expect(matching(KEYS, "/loss$").keys).toEqual(["loss", "train/loss", "val/loss"]);
  expect(matching(KEYS, "").keys).toEqual(KEYS);
  expect(matching(KEYS, "/(/")).toMatchObject({ keys: KEYS, problem: expect.stringContaining("Invalid") });
});
