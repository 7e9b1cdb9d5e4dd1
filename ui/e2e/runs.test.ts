/** The table of an experiment's runs. */

import { readFileSync } from "node:fs";
import type { Request } from "playwright-core";
import { expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { type Made, page, servedPage } from "./page";

const SCRIPT = "<img src=x onerror=alert(1)>";
const START = 1_700_000_000_000;
const server = servedPage();

interface Wanted {
  at?: number;
  metrics?: Record<string, number | string>;
  params?: Record<string, string>;
  tags?: Record<string, string>;
  parent?: string;
  status?: string;
}

async function experiment(name: string): Promise<string> {
  return ((await server.post("experiments/create", { name })) as unknown as Made).experiment_id;
}

const pairs = (given: Record<string, number | string> = {}) =>
  Object.entries(given).map(([key, value]) => ({ key, value }));

async function run(experimentId: string, name: string, wanted: Wanted = {}): Promise<string> {
  const { at = 0, metrics, params, tags = {}, parent, status = "FINISHED" } = wanted;
  const nested: Record<string, string> = parent ? { ...tags, "mlflow.parentRunId": parent } : tags;
  const made = (await server.post("runs/create", {
    experiment_id: experimentId,
    run_name: name,
    start_time: START + at * 1_000,
    tags: pairs(nested),
  })) as unknown as Made;
  const runId = made.run.info.run_id;
  if (metrics || params)
    await server.post("runs/log-batch", {
      run_id: runId,
      metrics: pairs(metrics).map((each) => ({ ...each, timestamp: START, step: 0 })),
      params: pairs(params),
    });
  if (status !== "RUNNING")
    await server.post("runs/update", { run_id: runId, status, end_time: START + at * 1_000 + 1_500 });
  return runId;
}

/** Six runs: loss falls from a to f, the model differs, the seed doesn't. */
async function six(name: string): Promise<{ id: string; runs: string[] }> {
  const id = await experiment(name);
  const runs: string[] = [];
  for (const [at, letter] of [..."abcdef"].entries())
    runs.push(
      await run(id, letter, {
        at,
        metrics: { loss: 0.6 - at / 10, "val loss": at },
        params: { model: at % 2 ? "cnn" : "mlp", seed: "7" },
      }),
    );
  return { id, runs };
}

const open = (id: string, search = "") => page.goto(`${server.url}/experiments/${id}${search}`);
const names = () => page.locator(".grid-row .run-link").allTextContents();
const heads = () =>
  page.locator("[role=columnheader]").evaluateAll((all) =>
    all
      .map((each) => ({ left: each.getBoundingClientRect().left, id: each.getAttribute("data-column") }))
      .sort((a, b) => a.left - b.left)
      .map((each) => each.id),
  );
const head = (id: string) => page.locator(`[role=columnheader][data-column="${id}"]`);
const seen = (text: string) => page.getByText(text, { exact: true }).first().waitFor();
const lines = async (wanted: string[]) => {
  await expect.poll(names, { timeout: 5_000 }).toEqual(wanted);
};
const grid = () => page.getByRole("treegrid", { name: "Runs" });
const filter = () => page.getByRole("combobox", { name: "Filter" });
const search = () => new URL(page.url()).searchParams;
const asksRuns = (request: Request) => request.url().endsWith("/headrace/runs/search");

test("what tells runs apart has a column at once; a press on its name sorts, and the address keeps it", async () => {
  const { id } = await six("first look");
  await open(id);
  await lines([..."fedcba"]);
  await head("params.model").waitFor();
  await expect
    .poll(() => heads())
    .toEqual(["name", "status", "start", "metrics.loss", "metrics.val loss", "params.model", "duration"]);
  await seen("6 runs");
  await page.getByRole("button", { name: "loss", exact: true }).click();
  await lines([..."abcdef"]);
  await expect.poll(() => head("metrics.loss").getAttribute("aria-sort")).toBe("descending");
  await page.reload();
  await lines([..."abcdef"]);
  await page.getByRole("button", { name: "loss", exact: true }).click();
  await lines([..."fedcba"]);
  await page.goBack();
  await lines([..."abcdef"]);
  expect(await seriousProblems(page)).toEqual([]);
});

test("columns are found among many keys by the server, and only those that are shown are fetched", async () => {
  const id = await experiment("many keys");
  const metrics = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`key${at}`, at]));
  await run(id, "wide", { metrics });
  await open(id);
  await lines(["wide"]);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByLabel("Find a key").fill("key29");
  await page.getByRole("checkbox", { name: "key299" }).waitFor();
  const asked = page.waitForRequest(asksRuns);
  await page.getByRole("checkbox", { name: "key299" }).click();
  const { metrics: fetched } = (await asked).postDataJSON() as { metrics: string[] };
  expect(fetched).toContain("key299");
  expect(fetched.length).toBeLessThan(10);
  await page.keyboard.press("Escape");
  await page.locator('[role=gridcell][data-column="metrics.key299"]', { hasText: "299" }).waitFor();
  expect(search().get("columns")).toContain("metrics.key299");
});

test("columns are moved, pinned and widened by mouse and by keys", async () => {
  const { id } = await six("moving");
  await open(id, '?columns=["status","metrics.loss","params.model","user"]');
  await lines([..."fedcba"]);
  await head("user").dragTo(head("status"), { targetPosition: { x: 4, y: 10 } });
  await expect.poll(heads).toEqual(["name", "user", "status", "metrics.loss", "params.model"]);

  await head("params.model").hover();
  await page.getByRole("button", { name: "Column model" }).click();
  await page.getByRole("menuitem", { name: "Pin to the left" }).click();
  await expect.poll(heads).toEqual(["name", "params.model", "user", "status", "metrics.loss"]);
  expect(search().get("pinned")).toContain("params.model");

  const width = async (column: string) => Math.round((await head(column).boundingBox())?.width ?? 0);
  const edge = await head("metrics.loss").boundingBox();
  if (!edge) throw new Error("no column");
  await page.mouse.move(edge.x + edge.width, edge.y + 10);
  await page.mouse.down();
  await page.mouse.move(edge.x + edge.width + 40, edge.y + 10, { steps: 4 });
  await page.mouse.move(edge.x + edge.width + 80, edge.y + 10, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => width("metrics.loss")).toBe(208);
  await expect.poll(() => search().get("widths")).toContain("208");
  await head("metrics.loss").locator(".resizer").dblclick();
  await expect.poll(() => width("metrics.loss")).toBeLessThan(120);

  await grid().focus();
  await page.keyboard.press("ArrowUp");
  for (let at = 0; at < 2; at += 1) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Alt+ArrowRight");
  await expect.poll(heads).toEqual(["name", "params.model", "status", "user", "metrics.loss"]);
  await page.keyboard.press("Shift+ArrowRight");
  await expect.poll(() => search().get("widths")).toContain('"status":124');
  await page.keyboard.press("Delete");
  await expect.poll(heads).toEqual(["name", "params.model", "user", "metrics.loss"]);
  await page.reload();
  await expect.poll(heads).toEqual(["name", "params.model", "user", "metrics.loss"]);
});

test("the filter is completed piece by piece, and remembers", async () => {
  const { id } = await six("filtering");
  await open(id);
  await lines([..."fedcba"]);
  // Slower than the pause after which it is asked for them again.
  await page.route("**/runs/keys?*", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await route.continue();
  });
  await page.keyboard.press("/");
  await page.keyboard.type("val");
  await page.getByRole("option", { name: "metrics.`val loss`" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.waitForTimeout(200);
  await page.keyboard.press("Enter");
  await page.keyboard.type(">= 2 ");
  await page.getByRole("option", { name: "AND" }).click();
  await page.keyboard.type("params.mo");
  await page.getByRole("option", { name: "params.model" }).waitFor();
  await page.keyboard.press("Tab");
  await page.getByRole("option", { name: "exactly" }).click();
  await page.getByRole("option", { name: "'cnn'" }).click();
  await expect
    .poll(async () => (await filter().inputValue()).trim())
    .toBe("metrics.`val loss` >= 2 AND params.model = 'cnn'");
  await page.unrouteAll({ behavior: "wait" }); // those on their way are answered first
  await page.keyboard.press("Enter");
  await lines(["f", "d"]);
  await seen("2 runs");
  await page.getByRole("button", { name: "Clear" }).click();
  await lines([..."fedcba"]);
  await filter().click();
  await page.getByRole("option", { name: "metrics.`val loss` >= 2" }).click();
  await lines(["f", "d"]);
});

test("a filter that can't be read is marked where it goes wrong, and one that matches nothing can be cleared", async () => {
  const { id } = await six("refused");
  await open(id);
  await lines([..."fedcba"]);
  await filter().fill("metrics.loss < wrong");
  await filter().press("Enter");
  await page.getByText("A number such as 0.5", { exact: false }).waitFor();
  await expect.poll(() => page.locator(".filter-marks mark").textContent()).toBe("wrong");
  await expect.poll(() => filter().getAttribute("aria-invalid")).toBe("true");
  await expect.poll(() => names()).toEqual([..."fedcba"]);
  expect(await seriousProblems(page)).toEqual([]);
  await filter().fill("metrics.loss > 5");
  await filter().press("Enter");
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await lines([..."fedcba"]);
});

test("runs come, change and go by themselves, and only they are fetched", async () => {
  const { id, runs } = await six("live");
  await open(id, '?columns=["status","metrics.loss","duration"]');
  await lines([..."fedcba"]);
  await page.waitForTimeout(400);
  const bodies: { filter?: string }[] = [];
  const note = (request: Request) => asksRuns(request) && bodies.push(request.postDataJSON());
  page.on("request", note);
  await server.post("runs/log-batch", {
    run_id: runs[2],
    metrics: [{ key: "loss", value: 42, timestamp: START, step: 1 }],
  });
  await page.locator('[data-column="metrics.loss"]', { hasText: "42" }).waitFor();
  const made = (await server.post("runs/create", {
    experiment_id: id,
    run_name: "newest",
    start_time: Date.now() - 5_000,
  })) as unknown as Made;
  await lines(["newest", ..."fedcba"]);
  const status = page.locator(".grid-row", { hasText: "newest" });
  await status.getByText("Running").waitFor();
  const lasted = () => status.locator('[data-column="duration"]').textContent();
  const before = await lasted();
  await expect.poll(lasted, { timeout: 4_000 }).not.toBe(before);
  await server.post("runs/update", { run_id: made.run.info.run_id, status: "FAILED" });
  await status.getByText("Failed").waitFor();
  await server.post("runs/delete", { run_id: runs[0] });
  await lines(["newest", ..."fedcb"]);
  await seen("6 runs");
  page.off("request", note);
  // By another order nothing jumps: what is new waits until it is asked for.
  await page.getByRole("button", { name: "loss", exact: true }).click();
  await lines([..."cbdef", "newest"]);
  await run(id, "best", { metrics: { loss: 99 } });
  await page.getByRole("button", { name: "1 new" }).click();
  await lines(["best", ..."cbdef", "newest"]);
  expect(bodies.length).toBeGreaterThan(2);
  for (const body of bodies) expect(body.filter).toMatch(/^attributes.run_id IN/);
});

test("children stay below their parent, and one without its parent says whose it is", async () => {
  const id = await experiment("nested");
  const parent = await run(id, "sweep", { at: 0 });
  await run(id, "alone", { at: 1, metrics: { loss: 9 } });
  const child = await run(id, "trial 1", { at: 2, parent, metrics: { loss: 1 } });
  await run(id, "trial 2", { at: 3, parent, metrics: { loss: 2 } });
  await run(id, "fold", { at: 4, parent: child, metrics: { loss: 3 } });
  const gone = await run(id, "gone", { at: 5 });
  await run(id, "orphan", { at: 6, parent: gone });
  await server.post("runs/delete", { run_id: gone });
  await open(id);
  await lines(["alone", "sweep"]);
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  await row("sweep").getByText("2", { exact: true }).waitFor();
  await row("sweep").getByRole("button", { name: "Open" }).click();
  await lines(["alone", "sweep", "trial 2", "trial 1"]);
  await row("trial 1").getByRole("button", { name: "Open" }).click();
  await lines(["alone", "sweep", "trial 2", "trial 1", "fold"]);
  await expect.poll(() => row("fold").getAttribute("aria-level")).toBe("3");
  await row("gone (deleted)").getByRole("button", { name: "Open" }).click();
  await lines(["orphan", "alone", "sweep", "trial 2", "trial 1", "fold"]);
  expect(await seriousProblems(page)).toEqual([]);
  await open(id, "?filter=metrics.loss > 1&order=metrics.loss ASC");
  await lines(["trial 2", "fold", "alone"]);
  await row("trial 2").getByRole("link", { name: "sweep" }).waitFor();
  await open(id, "?filter=metrics.loss < 4&order=metrics.loss DESC");
  await lines(["trial 1", "fold", "trial 2"]);
});

test("runs are grouped by a param, with the mean and the range of metrics", async () => {
  const { id } = await six("groups");
  await run(id, "bare", { at: -1, metrics: { loss: 5 } });
  await open(id, '?columns=["metrics.loss"]');
  await lines([..."fedcba", "bare"]);
  await page.getByRole("button", { name: "Group" }).click();
  await page.getByRole("checkbox", { name: "model" }).check();
  await page.keyboard.press("Escape");
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  await row("model mlp").getByText("0.2 – 0.6").waitFor();
  await expect.poll(() => row("model mlp").locator(".group-summary span").textContent()).toBe("0.4");
  await row("model mlp").getByRole("button", { name: "Open" }).click();
  await lines(["e", "c", "a"]);
  await row("not set").getByRole("button", { name: "Open" }).click();
  await lines(["e", "c", "a", "bare"]);
  expect(search().get("group")).toBe('["params.model"]');
  expect(await seriousProblems(page)).toEqual([]);
});

test("many runs are selected, tagged, written to a file, deleted and restored", async () => {
  const { id, runs } = await six("bulk");
  await run(id, '=HYPERLINK("x")', { at: -1 });
  await open(id, '?columns=["metrics.loss","tags.team"]');
  await lines([..."fedcba", '=HYPERLINK("x")']);
  const box = (name: string) => page.getByLabel(`Select ${name}`, { exact: true });
  await box("e").click();
  await box("c").click({ modifiers: ["Shift"] });
  await seen("3 selected");
  await expect
    .poll(() => page.getByRole("link", { name: "Compare" }).getAttribute("href"))
    .toContain(`${runs[4]}`);
  await page.getByRole("button", { name: "Tag" }).click();
  await page.getByLabel("Key").fill("team");
  await page.getByLabel("Value").fill("vision");
  await page.getByRole("button", { name: "Set tag" }).click();
  await expect.poll(() => page.getByText("vision", { exact: true }).count()).toBe(3);

  await page
    .getByRole("button", { name: "Select all loaded runs" })
    .or(page.getByLabel("Select all loaded runs"))
    .click();
  await seen("7 selected");
  await page.getByRole("button", { name: "Export" }).click();
  const file = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "CSV of the selected runs" }).click();
  const text = readFileSync(await (await file).path(), "utf8").split("\r\n");
  expect(text[0]).toBe("run_id,run_name,metrics.loss,tags.team");
  expect(text[1]).toBe(`${runs[5]},f,${0.6 - 5 / 10},`);
  expect(text[7]).toContain('"\'=HYPERLINK(""x"")"');
  expect(text).toHaveLength(9);

  await grid().focus();
  await page.keyboard.press("Escape");
  await page.getByText("7 selected").waitFor({ state: "detached" });
  await box("a").click();
  await box("b").click();
  await page.route("**/runs/delete", (route) =>
    route.request().postDataJSON().run_id === runs[1]
      ? route.fulfill({ status: 403, json: { error_code: "PERMISSION_DENIED", message: "Not yours." } })
      : route.continue(),
  );
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("listitem").filter({ hasText: "b: Not yours." }).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await page.unroute("**/runs/delete");
  await lines([..."fedcb", '=HYPERLINK("x")']);
  await page.getByLabel("Deleted").check();
  await lines(["a"]);
  await box("a").click();
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await page.getByText("No run of this experiment is deleted.").waitFor();
});

test("what is selected is in the address: a link or a reload shows the same runs, and Back what was before", async () => {
  const { id, runs } = await six("selection");
  const child = await run(id, "nested", { at: 9, parent: runs[0], metrics: { loss: 5 } });
  const gone = await run(id, "gone", { at: -1, metrics: { loss: 6 } });
  await server.post("runs/delete", { run_id: gone });
  await open(id, '?columns=["metrics.loss"]');
  await lines([..."fedcba"]);
  const before = await page.evaluate(() => history.length);
  await page.getByLabel("Select e", { exact: true }).click();
  await page.getByLabel("Select b", { exact: true }).click();
  await expect.poll(() => search().get("selected")).toBe(`${runs[4]},${runs[1]}`);
  expect(search().get("columns")).toBe('["metrics.loss"]');
  expect(await page.evaluate(() => history.length)).toBe(before);
  await page.reload();
  await seen("2 selected");
  await expect.poll(() => page.getByLabel("Select e", { exact: true }).isChecked()).toBe(true);

  const drawn: string[] = [];
  const note = (request: Request) =>
    request.url().endsWith("/metrics/chart") && drawn.push(...request.postDataJSON().run_ids);
  page.on("request", note);
  await page.getByRole("tab", { name: "Charts" }).click();
  await expect.poll(() => [...new Set(drawn)].sort()).toEqual([runs[1], runs[4]].sort());
  await page.getByLabel("Select f", { exact: true }).click();
  await seen("3 selected");
  await expect.poll(() => search().get("selected")).toBe(`${runs[4]},${runs[1]},${runs[5]}`);
  await page.goBack();
  await seen("2 selected");
  await expect.poll(() => search().get("view")).toBe(null);
  await page.goForward();
  await seen("3 selected");

  // One that isn't to be seen in the table, one that is deleted and one that never was.
  await page.goto("about:blank");
  drawn.length = 0;
  await open(id, `?view=charts&selected=${child},${gone},${runs[2]},${"0".repeat(32)}`);
  await seen("2 selected");
  await expect.poll(() => [...new Set(drawn)].sort()).toEqual([child, runs[2]].sort());
  expect(await seriousProblems(page)).toEqual([]);
  page.off("request", note);
  await grid().focus();
  await page.keyboard.press("Escape");
  await expect.poll(() => search().has("selected")).toBe(false);
});

test("more runs than an address holds stay selected until the page is left", async () => {
  const id = await experiment("selection of many");
  await server.seed(`
from headrace import MlflowClient
client = MlflowClient()
for at in range(150):
    client.create_run("${id}", run_name=f"r{at:03d}", start_time=${START} + at)
`);
  await open(id);
  await page.getByRole("link", { name: "r149" }).waitFor();
  await page.getByLabel("Select r149", { exact: true }).click();
  await expect.poll(() => search().has("selected")).toBe(true);
  await grid().focus();
  for (let at = 0; at < 30; at += 1) await page.keyboard.press("Shift+ArrowDown");
  await seen("31 selected");
  const top = () => grid().evaluate((each) => each.scrollTop);
  const scrolled = await top();
  expect(scrolled).toBeGreaterThan(0);
  await expect.poll(() => search().get("selected")?.split(",").length).toBe(31);
  expect(await top()).toBe(scrolled);
  await expect.poll(() => page.getByText("(not in the address)").count()).toBe(0);
  const last = page.getByRole("link", { name: "r000" });
  await expect.poll(() => page.keyboard.press("Control+End").then(() => last.count())).toBe(1);
  await page.keyboard.press("Control+a");
  await seen("150 selected");
  await seen("(not in the address)");
  await expect.poll(() => search().has("selected")).toBe(false);
  await page.getByRole("tab", { name: "Analysis" }).click();
  await seen("150 selected");
});

test("the keyboard goes from cell to cell, selects and opens", async () => {
  const { id, runs } = await six("keys");
  await open(id);
  await lines([..."fedcba"]);
  await grid().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await seen("1 selected");
  await page.keyboard.press("Shift+ArrowDown");
  await seen("2 selected");
  const active = () =>
    grid().evaluate((each) => {
      const cell = document.getElementById(each.getAttribute("aria-activedescendant") ?? "");
      return cell?.closest("[role=row]")?.querySelector(".run-link")?.textContent;
    });
  await expect.poll(() => active()).toBe("d");
  await page.keyboard.press("Control+ArrowDown");
  await expect.poll(() => active()).toBe("a");
  await page.keyboard.press("Escape");
  await page.getByText("2 selected").waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/experiments/${id}/runs/${runs[0]}*`);
  await page.goBack();
  await lines([..."fedcba"]);
});

test("thousands of rows scroll, page by page", async () => {
  const id = await experiment("long");
  await server.seed(`
import headrace
from headrace import MlflowClient
client = MlflowClient()
for at in range(260):
    client.create_run("${id}", run_name=f"r{at:03d}", start_time=${START} + at)
`);
  await open(id);
  await page.getByRole("link", { name: "r259" }).waitFor();
  await expect.poll(() => page.locator(".grid-row").count()).toBeLessThan(60);
  await grid().focus();
  const first = page.getByRole("link", { name: "r000" });
  for (let tries = 0; tries < 40 && !(await first.isVisible()); tries += 1) {
    await page.keyboard.press("Control+End");
    await page.waitForTimeout(150);
  }
  await first.click();
  await page.getByRole("heading", { name: "r000" }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "r000" }).waitFor();
  await head("start").getByRole("button", { name: "Started", exact: true }).click();
  await page.getByRole("link", { name: "r259" }).waitFor();
});

test("an experiment without runs shows how to log the first, with its own name and address", async () => {
  const id = await experiment('quotes " and more');
  await open(id);
  await seen("No runs yet");
  const code = await page.locator("pre").first().textContent();
  expect(code).toContain(`set_tracking_uri("${server.url}")`);
  expect(code).toContain('set_experiment("quotes \\" and more")');
  expect(await seriousProblems(page)).toEqual([]);
  await run(id, "the first", { at: 0 });
  await lines(["the first"]);
});

test.each(["light", "dark"] as const)(
  "odd runs are text, and stay in their cells, in %s",
  async (colorScheme) => {
    const id = await experiment(`odd ${colorScheme}`);
    await run(id, SCRIPT, {
      metrics: { nan: "NaN", up: "Infinity" },
      params: { html: SCRIPT, blob: "x".repeat(6_000), long: "y".repeat(250) },
      tags: { note: "two\nlines" },
    });
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 390, height: 800 });
    await open(id, '?columns=["metrics.nan","metrics.up","params.html","params.blob","tags.note"]');
    await lines([SCRIPT]);
    await page.getByRole("gridcell", { name: "NaN" }).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(390);
    await expect.poll(() => page.locator('[data-column="metrics.up"]').last().textContent()).toBe("∞");
    expect(await seriousProblems(page)).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: null });
  },
);
