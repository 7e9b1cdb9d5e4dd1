import { expect, test } from "vitest";
import type { RunMessage } from "@/api/endpoints";
import { codeOf, commitLink, loggedFolders, metricKeys, sortedTags } from "./facts";
import { runSearch } from "./search";

const run = (tags: Record<string, string>, metrics: string[] = []): RunMessage => ({
  info: {},
  data: {
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    metrics: metrics.map((key) => ({ key, value: 1, timestamp: 0 })),
  },
});

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

test.each([
  ["https://github.com/vine/yard.git", `https://github.com/vine/yard/commit/${COMMIT}`],
  ["git@gitlab.com:vine/deep/yard.git", `https://gitlab.com/vine/deep/yard/commit/${COMMIT}`],
  ["ssh://git@bitbucket.org/vine/yard", `https://bitbucket.org/vine/yard/commits/${COMMIT}`],
  ["javascript:alert(1)//github.com/a/b", undefined],
  ["https://evil.example/vine/yard", undefined],
  ["", undefined],
])("the commit's page at %s", (repository, link) => {
  expect(commitLink(repository, COMMIT)).toBe(link);
});

test("a commit that isn't one is no link", () => {
  expect(commitLink("https://github.com/a/b", "main")).toBeUndefined();
});

test("changes beside the commit are told", () => {
  expect(codeOf(run({}))).toBeUndefined();
  expect(codeOf(run({ "mlflow.source.git.commit": COMMIT }))?.dirty).toBe(false);
  expect(codeOf(run({ "mlflow.source.git.commit": COMMIT, "mlflow.source.git.dirty": "true" }))?.dirty).toBe(
    true,
  );
});

test("tags of people and of programs, and metrics of the machine, are kept apart", () => {
  const { own, reserved } = sortedTags(run({ "mlflow.user": "ann", team: "red", age: "1" }));
  expect(own.map(([key]) => key)).toEqual(["age", "team"]);
  expect(reserved.map(([key]) => key)).toEqual(["mlflow.user"]);
  expect(metricKeys(run({}, ["system/cpu", "loss"]))).toEqual({ own: ["loss"], system: ["system/cpu"] });
});

test("models that MLflow 2 logged are folders; others have ids", () => {
  const history = JSON.stringify([
    { artifact_path: "model", model_uuid: "abc" },
    { artifact_path: "model", model_uuid: "def" },
    { artifact_path: "new", model_id: "m-1" },
  ]);
  expect(loggedFolders(run({ "mlflow.log-model.history": history }))).toEqual(["model"]);
  expect(loggedFolders(run({ "mlflow.log-model.history": "[{" }))).toEqual([]);
});

test("an address that says nonsense shows the overview", () => {
  expect(runSearch({ tab: "nonsense", path: 5, charts: "x" })).toEqual({
    tab: undefined,
    path: "5",
    find: undefined,
    charts: undefined,
  });
  expect(runSearch({ tab: "logs" }).tab).toBe("logs");
});
