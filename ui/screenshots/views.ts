/** What pictures are taken of: an address, what has to be seen on it, and what is done there first. */

import type { Page } from "playwright-core";
import type { Demo } from "./demo";

export interface View {
  name: string;
  path: string;
  /** A selector of what is there once the view is. */
  ready?: string;
  act?: (page: Page) => Promise<void>;
  /** Also on a telephone. */
  narrow?: boolean;
  /** Taller than a screen, where a whole page is to be seen. */
  height?: number;
}

const search = (fields: Record<string, unknown>): string =>
  `?${Object.entries(fields)
    .map(
      ([key, value]) =>
        `${key}=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`,
    )
    .join("&")}`;

const DRAWN = '.chart[data-state="drawn"] canvas';
const BEST = "convnext-s-96px";
const COMPARED = [BEST, "convnext-s-06", "resnet50-04", "vit-tiny-06"];
const RATE = {
  x: "params.learning_rate",
  y: "metrics.val/accuracy",
  z: "metrics.val/accuracy",
  logs: ["params.learning_rate"],
};
const FILES = {
  png: "plots/confusion.png",
  svg: "plots/roc.svg",
  csv: "tables/predictions.csv",
  parquet: "tables/predictions.parquet",
  markdown: "reports/test-set.md",
  html: "reports/drift.html",
  notebook: "reports/errors.ipynb",
  json: "test-set.json",
  yaml: "config.yaml",
  code: "code/train.py",
  onnx: "model/flowers.onnx",
  audio: "sounds/doorbell.wav",
  log: "logs/train.log",
};

export function views(demo: Demo): View[] {
  return [...home(demo), ...table(demo), ...pictures(demo), ...run(demo), ...models(demo)];
}

function home(demo: Demo): View[] {
  return [
    { name: "experiments", path: "/", ready: "text=flowers", narrow: true },
    {
      name: "experiments-palette",
      path: "/",
      ready: "text=flowers",
      act: async (page) => {
        await page.keyboard.press("Control+k");
        await page.keyboard.type("flow");
      },
    },
    { name: "experiment-empty", path: `/experiments/${demo.experiment("pose-estimation")}`, narrow: true },
    { name: "not-there", path: "/experiments/987654" },
  ];
}

function table(demo: Demo): View[] {
  const path = `/experiments/${demo.experiment("flowers")}`;
  const ready = '[role="row"] a';
  return [
    { name: "runs", path, ready, narrow: true },
    { name: "runs-filtered", path: path + search({ filter: "metrics.`val/accuracy` > 0.85" }), ready },
    {
      name: "runs-filter-wrong",
      path: path + search({ filter: "metrics.accuracy >> 1" }),
    },
    {
      name: "runs-completion",
      path,
      ready,
      act: async (page) => {
        await page.keyboard.press("/");
        await page.keyboard.type("metrics.");
      },
    },
    { name: "runs-groups", path: path + search({ group: ["params.model"] }), ready: '[role="row"]' },
    {
      name: "runs-selected",
      path,
      ready,
      act: async (page) => {
        for (const box of (await page.locator('[role="row"] input[type="checkbox"]').all()).slice(1, 4))
          await box.check();
      },
    },
  ];
}

function pictures(demo: Demo): View[] {
  const path = `/experiments/${demo.experiment("flowers")}`;
  const compared = COMPARED.map(demo.run).join(",");
  const analysis = (tab: string, state: object = {}): View => ({
    name: `analysis-${tab}`,
    path: path + search({ view: "analysis", analysis: { tab, ...state } }),
    ready: "svg, canvas",
  });
  return [
    { name: "charts", path: path + search({ view: "charts" }), ready: DRAWN, narrow: true },
    {
      name: "charts-smoothed",
      path: path + search({ view: "charts", charts: { smooth: 0.8, clip: true, columns: 3 } }),
      ready: DRAWN,
    },
    {
      name: "charts-large",
      path: path + search({ view: "charts", charts: { large: "train/loss" } }),
      ready: DRAWN,
    },
    ...["parallel", "box", "importance"].map((tab) => analysis(tab)),
    analysis("scatter", RATE),
    analysis("contour", { ...RATE, y: "params.dropout" }),
    { name: "compare", path: `${path}/compare${search({ runs: compared })}`, height: 1400, narrow: true },
    { name: "compare-different", path: `${path}/compare${search({ runs: compared, different: true })}` },
    {
      name: "compare-charts",
      path: `${path}/compare${search({ runs: compared, view: "charts" })}`,
      ready: DRAWN,
    },
    {
      name: "compare-images",
      ready: "main img",
      path: `${path}/compare${search({ runs: COMPARED.slice(0, 2).map(demo.run).join(","), view: "images", series: "samples/validation" })}`,
    },
    {
      name: "compare-artifacts",
      path: `${path}/compare${search({ runs: COMPARED.slice(0, 2).map(demo.run).join(","), view: "artifacts", path: FILES.png })}`,
    },
  ];
}

function run(demo: Demo): View[] {
  const of = (name: string) => `/experiments/${demo.experiment("flowers")}/runs/${demo.run(name)}`;
  const tab = (name: string, more: Partial<View> = {}): View => ({
    name: `run-${name}`,
    path: of(BEST) + search({ tab: name }),
    ...more,
  });
  return [
    { name: "run", path: of(BEST), narrow: true, height: 1200 },
    tab("charts", { ready: DRAWN }),
    tab("metrics"),
    tab("system", { ready: DRAWN }),
    tab("params"),
    tab("tags"),
    tab("datasets"),
    tab("models"),
    tab("logs"),
    { name: "run-diverged", path: of("vit-tiny-hot") + search({ tab: "charts" }), ready: DRAWN },
    { name: "run-running", path: of("convnext-s-128px") },
    { name: "artifacts", path: of(BEST) + search({ tab: "artifacts" }), narrow: true },
    ...Object.entries(FILES).map(
      ([kind, path]): View => ({
        name: `artifact-${kind}`,
        path: of(BEST) + search({ tab: "artifacts", path }),
        narrow: kind === "csv",
      }),
    ),
  ];
}

function models({ models: address }: Demo): View[] {
  const ready = "text=flower-classifier";
  return [
    { name: "models", path: "/models", ready, narrow: true },
    { name: "model", path: "/models/flower-classifier", ready, narrow: true, height: 1400 },
    { name: "version", path: "/models/flower-classifier/versions/4", ready, narrow: true, height: 1600 },
    { name: "version-refused", path: "/models/flower-classifier/versions/3", ready, height: 1600 },
    ...["files", "use"].map(
      (tab): View => ({
        name: `version-${tab}`,
        path: `/models/flower-classifier/versions/4${search({ tab })}`,
      }),
    ),
    { name: "version-columns", path: "/models/churn-scorer/versions/2", height: 1600 },
    { name: "version-chat", path: "/models/support-chat/versions/1", height: 1600 },
    {
      name: "version-try",
      path: `/models/churn-scorer/versions/2${search({ tab: "try" })}`,
      act: async (page) => {
        await reach(page, address);
        await page.getByRole("button", { name: "Ask" }).click();
        await page.getByText("200 OK").waitFor();
      },
    },
    {
      name: "version-talk",
      path: `/models/support-chat/versions/1${search({ tab: "try" })}`,
      act: async (page) => {
        await reach(page, address);
        for (const question of ["What is the capital of Spain?", "What is the capital of France?"]) {
          await page.getByLabel("Message").fill(question);
          await page.keyboard.press("Enter");
          await page
            .getByText(/tokens/)
            .first()
            .waitFor();
          await page.waitForTimeout(500);
        }
      },
    },
  ];
}

async function reach(page: Page, address: string): Promise<void> {
  await page.getByLabel("Address").fill(address);
  await page.getByText("reachable", { exact: true }).waitFor();
}
