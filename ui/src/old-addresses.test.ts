import { expect, test } from "vitest";
import { pathOfHash } from "./old-addresses";

test.each([
  ["", null],
  ["#main", null],
  ["#/", "/"],
  ["#/experiments", "/"],
  ["#/experiments/12", "/experiments/12"],
  ["#/experiments/12/overview/usage", "/experiments/12"],
  [
    "#/experiments/12/runs?searchFilter=metrics.loss%20%3C%201&orderByKey=metrics.%60loss%60&orderByAsc=false&compareRunsMode=CHART",
    "/experiments/12?filter=metrics.loss%20%3C%201&order=metrics.%60loss%60%20DESC&view=charts",
  ],
  ["#/experiments/1/runs/ab12", "/experiments/1/runs/ab12"],
  ["#/experiments/1/runs/ab12/overview", "/experiments/1/runs/ab12"],
  ["#/experiments/1/runs/ab12/model-metrics", "/experiments/1/runs/ab12?tab=charts"],
  ["#/experiments/1/runs/ab12/system-metrics", "/experiments/1/runs/ab12?tab=system"],
  ["#/experiments/1/runs/ab12/artifacts", "/experiments/1/runs/ab12?tab=artifacts"],
  [
    "#/experiments/1/runs/ab12/artifacts/model/a%20b/MLmodel",
    "/experiments/1/runs/ab12?tab=artifacts&path=model%2Fa%20b%2FMLmodel",
  ],
  ["#/experiments/1/runs/ab12/artifactPath/plot.png", "/experiments/1/runs/ab12?tab=artifacts&path=plot.png"],
  ["#/experiments/1/evaluation-runs/ab12", "/experiments/1/runs/ab12"],
  ["#/experiments/1/prompts/greeting", "/models/greeting"],
  ["#/prompts/greeting", "/models/greeting"],
  ["#/prompts", "/models"],
  ["#/models", "/models"],
  ["#/models?searchInput=wine", "/models"],
  ["#/models/wine%20red", "/models/wine%20red"],
  ["#/models/wine/versions/3", "/models/wine/versions/3"],
  ["#/models/wine/something", "/models/wine"],
  ['#/compare-model-versions?name="wine"&runs={"a":"1"}', "/models/wine"],
  ['#/compare-runs?runs=["a","b"]&experiments=["7"]', "/experiments/7/compare?runs=a%2Cb"],
  [
    "#/compare-runs?runs=%5B%22a%22%2C%22b%22%5D&experiments=%5B%227%22%5D",
    "/experiments/7/compare?runs=a%2Cb",
  ],
  [
    '#/metric/loss?runs=["a","b"]&metric="loss"&experiments=["7"]',
    "/experiments/7/compare?runs=a%2Cb&view=charts",
  ],
  ['#/metric?runs=["a"]&metric="loss"&experiments=["7"]', "/experiments/7/runs/a?tab=charts"],
  ['#/compare-experiments/s?experiments=["7","8"]', "/experiments/7"],
  ['#/compare-runs?runs=["a","b', "/experiments/0/compare"],
  ['#/compare-runs?runs=["../x","b","c"]&experiments=["7"]', "/experiments/7/compare?runs=b%2Cc"],
  ["#/gateway", "/"],
])("%s leads to %s", (hash, path) => {
  expect(pathOfHash(hash)).toBe(path);
});
