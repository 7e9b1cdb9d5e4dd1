import { expect, test } from "vitest";
import type { RunMessage } from "@/api/endpoints";
import type { Evidence } from "./evidence";
import {
  attributeRows,
  codeRows,
  datasetRows,
  environmentRows,
  metricRows,
  pairRows,
  shownRows,
} from "./rows";

type Pairs = Record<string, string>;
const pairs = (given: Pairs) => Object.entries(given).map(([key, value]) => ({ key, value }));

function run(
  id: string,
  data: { params?: Pairs; tags?: Pairs; metrics?: Record<string, number | string> },
): RunMessage {
  return {
    info: { run_id: id, status: "FINISHED", start_time: 0, end_time: 1_000, experiment_id: "1" },
    data: {
      params: pairs(data.params ?? {}),
      tags: pairs(data.tags ?? {}),
      metrics: Object.entries(data.metrics ?? {}).map(([key, value]) => ({ key, value, timestamp: 0 })),
    },
  };
}

test("params of all runs, with those that some lack", () => {
  const runs = [
    run("a", { params: { rate: "0.1", layers10: "1" } }),
    run("b", { params: { rate: "0.1", layers9: "2" } }),
  ];
  expect(pairRows(runs, "params")).toMatchObject([
    { key: "layers9", values: [undefined, "2"], differs: true },
    { key: "layers10", values: ["1", undefined], differs: true },
    { key: "rate", values: ["0.1", "0.1"], differs: false },
  ]);
});

test("tags of the system aren't shown as tags", () => {
  const runs = [run("a", { tags: { "mlflow.user": "x", team: "red" } })];
  expect(pairRows(runs, "tags").map((each) => each.key)).toEqual(["team"]);
});

test("metrics are compared to the last digit, and NaN is NaN", () => {
  const runs = [
    run("a", { metrics: { loss: 0.1000001, gain: "NaN" } }),
    run("b", { metrics: { loss: 0.1000002, gain: "NaN" } }),
  ];
  const [gain, loss] = metricRows(runs, undefined, new Map());
  expect(gain).toMatchObject({ differs: false, texts: ["NaN", "NaN"] });
  expect(loss).toMatchObject({ differs: true, texts: ["0.1", "0.1"], numbers: [0.1000001, 0.1000002] });
});

test("what the server keeps as the greatest number is infinite", () => {
  const [loss] = metricRows([run("a", { metrics: { loss: Number.MAX_VALUE } })], undefined, new Map());
  expect(loss).toMatchObject({ values: ["Infinity"], texts: ["∞"] });
});

test("the least value of a metric, where it is known", () => {
  const runs = [run("a", { metrics: { loss: 3 } }), run("b", { metrics: { loss: 4 } })];
  const [loss] = metricRows(runs, "min", new Map([["a loss", { min: 1, max: 9 }]]));
  expect(loss?.numbers).toEqual([1, undefined]);
});

test("attributes that say nothing for a comparison are left out", () => {
  const keys = attributeRows([run("a", {}), run("b", {})]).map((each) => each.key);
  expect(keys).toContain("Duration");
  expect(keys).not.toContain("Experiment");
});

test("datasets are told apart by their digests", () => {
  const one = run("a", {});
  one.inputs = {
    dataset_inputs: [
      { dataset: { name: "iris", digest: "d1" }, tags: [{ key: "mlflow.data.context", value: "training" }] },
    ],
  };
  expect(datasetRows([one, run("b", {})])).toMatchObject([
    { key: "iris (training)", values: ["d1", undefined] },
  ]);
});

const evidence = (more: Partial<Evidence>): Evidence => ({ packages: { versions: {} }, from: [], ...more });

test("an environment is a row for each package", () => {
  const rows = environmentRows([
    evidence({
      packages: { python: "3.11", versions: { numpy: "2.0", torch: "" } },
      from: ["requirements.txt"],
    }),
    undefined,
  ]);
  expect(rows.map((each) => each.key)).toEqual(["Python", "Told by", "numpy", "torch"]);
  expect(rows[3]).toMatchObject({
    values: ["", undefined],
    texts: ["any version", undefined],
    differs: true,
  });
});

test("code: what was recorded, and no row of nothing", () => {
  const runs = [run("a", { tags: { "mlflow.source.git.commit": "c1" } }), run("b", {})];
  const rows = codeRows(runs, [evidence({ diff: "+a\n-b\n" }), undefined]);
  expect(rows.map((each) => each.key)).toEqual(["Commit", "Changes"]);
  expect(rows[1]).toMatchObject({ texts: ["2 lines", undefined], long: true });
});

test("rows by name, and those that differ", () => {
  const rows = pairRows(
    [run("a", { params: { Rate: "1", seed: "1" } }), run("b", { params: { Rate: "2", seed: "1" } })],
    "params",
  );
  expect(shownRows(rows, "rat", false).map((each) => each.key)).toEqual(["Rate"]);
  expect(shownRows(rows, "", true).map((each) => each.key)).toEqual(["Rate"]);
  expect(shownRows(rows, "seed", true)).toEqual([]);
});
