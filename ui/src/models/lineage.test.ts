import { expect, test } from "vitest";
import { graphOf, inWords, layout, NODE } from "./lineage";

const version = { name: "wine", version: "3" };
const full = {
  model_version: version,
  location: "mlflow-artifacts:/1/models/m-1/artifacts",
  run_id: "ab12",
  run_name: "swift-hen",
  run_status: "FINISHED",
  experiment_id: "1",
  model_id: "m-1",
  datasets: [
    { name: "train", digest: "d1", context: "training" },
    { name: "train", digest: "d1", context: "training" },
    { name: "test", digest: "d2" },
  ],
  git: { commit: "0123456789abcdef", branch: "main", dirty: true },
};

test("datasets and the commit lead to the run, it to the model, that to the version and its copies", () => {
  const copy = { name: "prod/wine", version: "1", source: "models:/wine/3" };
  const twin = { name: "wine", version: "2", source: "runs:/ab12/model" };
  const graph = graphOf(full, [copy, twin, { ...version, source: "models:/m-1" }]);
  expect(inWords(graph)).toEqual([
    "dataset train → run swift-hen",
    "dataset test → run swift-hen",
    "commit 0123456789ab → run swift-hen",
    "run swift-hen → model m-1",
    "model m-1 → version wine 3",
    "version wine 3 → version prod/wine 1",
  ]);
  expect(graph.nodes.find((node) => node.id === "commit")?.note).toBe("main, with changes");
});

test("of many datasets some are shown, and the number of the others", () => {
  const datasets = Array.from({ length: 100 }, (_, at) => ({ name: `d${at}`, digest: String(at) }));
  const words = inWords(graphOf({ ...full, datasets, git: undefined }, []));
  expect(words.filter((each) => each.startsWith("dataset"))).toHaveLength(9);
  expect(words).toContain("dataset 92 others → run swift-hen");
});

test("a copy comes after what it is a copy of", () => {
  const graph = graphOf({ model_version: version, location: "", copied_from: "dev/wine/7" }, []);
  expect(inWords(graph)).toEqual(["version dev/wine 7 → version wine 3"]);
  expect(graph.nodes[0]?.page).toEqual({ kind: "version", name: "dev/wine", version: "7" });
});

test("a run that is gone has no page, and a version without anything stands alone", () => {
  const gone = graphOf({ model_version: version, location: "", run_id: "ab12" }, []);
  expect(gone.nodes[0]).toMatchObject({ title: "ab12", note: "gone", page: undefined });
  expect(graphOf({ model_version: version, location: "" }, [])).toMatchObject({ edges: [] });
});

test("layers are columns without gaps, their nodes about the middle, none upon another", () => {
  const { nodes, width, height } = layout(graphOf(full, []));
  expect(width).toBe(4 * NODE.width + 3 * NODE.gapX);
  expect(height).toBe(3 * NODE.height + 2 * NODE.gapY);
  const run = nodes.find((node) => node.id === "run");
  expect(run?.y).toBe((height - NODE.height) / 2);
  expect(new Set(nodes.map((node) => `${node.x} ${node.y}`)).size).toBe(nodes.length);
});
