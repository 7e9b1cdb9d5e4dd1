import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { page, servedPage } from "./page";

const RUNS = 60;
const SCRIPT = "<img src=x onerror=alert(1)>";

const server = servedPage();
let runIds: string[];

/** Trial i: the score follows the rate, and the kind a little; every tenth is NaN. */
async function trial(i: number): Promise<string> {
  const made = (await server.post("runs/create", {
    experiment_id: "0",
    run_name: `trial ${i}`,
    start_time: 1_000 * i,
  })) as unknown as { run: { info: { run_id: string } } };
  const runId = made.run.info.run_id;
  const rate = 10 ** (-4 + (3 * i) / RUNS);
  const score = Math.log10(rate) + (i % 3 === 0 ? 0.5 : 0);
  await server.post("runs/log-batch", {
    run_id: runId,
    metrics: [
      { key: "score", value: i % 10 === 9 ? "NaN" : score, timestamp: 0, step: 0 },
      { key: "spikes", value: i === 4 ? 77 : i / 100, timestamp: 0, step: 0 },
    ],
    params: [
      { key: "rate", value: String(rate) },
      { key: "kind", value: i % 3 === 0 ? SCRIPT : "plain" },
      { key: "width", value: String((i * 7) % 13) },
      { key: "batch", value: "64" },
    ],
  });
  return runId;
}

beforeAll(async () => {
  runIds = await Promise.all(Array.from({ length: RUNS }, (_, i) => trial(i)));
});

const open = (state: object, runs = runIds) =>
  page.goto(
    `${server.url}/experiments/0/compare?view=analysis&runs=${runs.join()}&analysis=${encodeURIComponent(JSON.stringify(state))}`,
  );
const picture = (label: RegExp) => page.getByRole("img", { name: label });
const soon = <T>(ask: () => Promise<T>) => expect.poll(ask, { timeout: 10_000 });

/** Pixels that aren't empty. */
const drawn = (label: RegExp) =>
  picture(label).evaluate((canvas: HTMLCanvasElement) => {
    const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    let count = 0;
    for (let at = 3; at < pixels.length; at += 4) if (pixels[at]) count += 1;
    return count;
  });

test("parallel coordinates: a part of an axis that is chosen leaves the runs that lie in it", async () => {
  await open({});
  await picture(/Parallel coordinates of .*: 60 of 60 runs/).waitFor();
  await soon(() => drawn(/Parallel/)).toBeGreaterThan(5_000);
  await page.getByText("6 of 60 runs have lines with gaps: 6 with NaN or an infinity.").waitFor();
  const box = await picture(/Parallel/).boundingBox();
  if (!box) throw new Error("no picture");
  // The first axis is the kind: names by equal distances, so its upper half holds one of two.
  await page.mouse.move(box.x + 64, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 64, box.y + 150, { steps: 3 });
  await page.mouse.up();
  await page.getByText("40 of 60 runs lie in the chosen parts.").waitFor();
  expect(page.url()).toContain("brushes");
  await page.reload();
  await page.getByText("40 of 60 runs lie in the chosen parts.").waitFor();
  await page.getByRole("button", { name: "Axes (4)" }).click();
  await page.getByLabel("width from").fill("10");
  await picture(/: 9 of 60 runs/).waitFor();
  await page.getByRole("button", { name: "Remove width" }).click();
  await picture(/Parallel coordinates of kind, rate, score: 40/).waitFor();
  await page.getByRole("button", { name: "score further left" }).click();
  await picture(/Parallel coordinates of kind, score, rate/).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Clear choice" }).click();
  await picture(/: 60 of 60 runs/).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
});

test("an axis is moved by its title", async () => {
  await open({ axes: ["params.kind", "params.rate", "metrics.score"] });
  const box = await picture(/of kind, rate, score/).boundingBox();
  if (!box) throw new Error("no picture");
  await page.mouse.move(box.x + 64, box.y + 16);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 70, box.y + 16, { steps: 4 });
  await page.mouse.up();
  await picture(/of rate, score, kind/).waitFor();
});

test("scatter: the pointer finds a run, and a click leads to it", async () => {
  await open(
    { tab: "scatter", x: "params.rate", y: "metrics.score", colour: "params.kind" },
    runIds.slice(0, 2),
  );
  const plot = picture(/Scatter plot of score over rate: 2 runs/);
  await plot.waitFor();
  const box = await plot.boundingBox();
  if (!box) throw new Error("no picture");
  // The rates are the ends of the x axis, and the first has the higher score.
  await page.mouse.move(box.x + 98, box.y + 36);
  await page.locator(".run-tip", { hasText: "trial 0" }).waitFor();
  await page.getByText("As a table").click();
  await page.getByRole("link", { name: "trial 1" }).waitFor();
  const moved = await plot.boundingBox(); // the page may have scrolled to the table
  if (!moved) throw new Error("no picture");
  await page.mouse.move(moved.x + 98, moved.y + 36);
  await page.locator(".run-tip", { hasText: "trial 0" }).waitFor();
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForURL(`**/runs/${runIds[0]}**`);
});

test("what can't be drawn is told: NaN, a logarithm of nothing above zero, one run, equal values", async () => {
  await open({ tab: "scatter", x: "params.rate", y: "metrics.score", logs: ["metrics.score"] });
  await page.getByText("6 of 60 runs aren't drawn: 6 with NaN or an infinity.").waitFor();
  await page.getByText("Nothing of score is above zero, so its axis is linear.").waitFor();
  await open({ tab: "scatter", x: "params.batch", y: "metrics.score" }, runIds.slice(0, 1));
  await picture(/: 1 run$/).waitFor();
  await soon(() => drawn(/Scatter/)).toBeGreaterThan(100);
  await open({ tab: "importance", metric: "metrics.score" }, runIds.slice(0, 3));
  await page.getByText("Only 3 runs with a value of score").waitFor();
  await open({ tab: "contour", x: "params.rate", y: "params.width", z: "params.kind" });
  await page.getByText("The colour of a surface needs numbers; kind has names.").waitFor();
});

test("contour, boxes: drawn, told as text, taken along as PNG", async () => {
  await open({ tab: "contour", x: "params.rate", y: "params.width", z: "metrics.score" });
  await soon(() => drawn(/Contour plot of score over rate and width: 54 runs/)).toBeGreaterThan(100_000);
  await page.getByText("weighted by one over the squared distance").waitFor();
  await page.getByLabel("Between").selectOption("nearest run");
  await page.getByText("the value of the run that is nearest").waitFor();
  await page.getByRole("tab", { name: "Boxes" }).click();
  await picture(/Box plot of score by kind: .*plain median/).waitFor();
  await page.getByText("As a table").click();
  await page.getByRole("rowheader", { name: "plain" }).waitFor();
  await page.getByLabel("Metric", { exact: true }).selectOption("spikes");
  await page.getByRole("cell", { name: "77", exact: true }).waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as PNG" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("boxes-spikes-kind.png");
  expect([...readFileSync(await file.path()).subarray(1, 4)]).toEqual(
    [..."PNG"].map((each) => each.charCodeAt(0)),
  );
  expect(await seriousProblems(page)).toEqual([]);
});

test("importance: the param that made the score comes first, with its correlations", async () => {
  await open({ tab: "importance", metric: "metrics.score" });
  await picture(/Importance for score: rate/).waitFor();
  const first = page.getByRole("row").nth(1);
  await expect.poll(() => first.getByRole("rowheader").textContent()).toBe("rate");
  const cells = await first.getByRole("cell").allTextContents();
  expect(Number(cells[2])).toBeGreaterThan(0.9);
  expect(cells.slice(4)).toEqual(["54", "54"]);
  await page.getByText("The same in all runs: batch.").waitFor();
  await page.getByText(/The forest explains \d\d % of the variance/).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
});

test("the page of runs analyses all that match its filter, or those that are selected", async () => {
  const filter = encodeURIComponent("params.kind = 'plain'");
  await page.goto(`${server.url}/experiments/0?view=analysis&filter=${filter}`);
  await picture(/Parallel coordinates of .*: 40 of 40 runs/).waitFor();
  await page.getByRole("checkbox", { name: "Select trial 58", exact: true }).check();
  await picture(/Parallel coordinates of .*: 1 of 1 runs/).waitFor();
  await page.getByRole("combobox", { name: /^Of/ }).selectOption("matching");
  await picture(/: 40 of 40 runs/).waitFor();
  expect(page.url()).toContain("matching");
});
