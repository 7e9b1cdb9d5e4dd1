import { readFileSync } from "node:fs";
import type { Download, Locator, Page, Request } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { browser, type Made, page, servedPage } from "./page";

const SPIKE = 7_777;
const server = servedPage();
let asked: Record<string, unknown>[] = [];

beforeAll(() => {
  page.on("request", (request: Request) => {
    if (request.url().endsWith("/metrics/chart")) asked.push(request.postDataJSON());
  });
});

async function experiment(name: string): Promise<string> {
  return ((await server.post("experiments/create", { name })) as unknown as Made).experiment_id;
}

async function run(experimentId: string, name: string, values: Record<string, (number | string)[]>) {
  const made = (await server.post("runs/create", {
    experiment_id: experimentId,
    run_name: name,
    start_time: 1_790_000_000_000,
  })) as unknown as Made;
  const runId = made.run.info.run_id;
  for (const [key, all] of Object.entries(values)) await log(runId, key, all);
  return runId;
}

async function log(runId: string, key: string, values: (number | string)[], from = 0): Promise<void> {
  for (let at = 0; at < values.length; at += 1_000)
    await server.post("runs/log-batch", {
      run_id: runId,
      metrics: values.slice(at, at + 1_000).map((value, i) => {
        const step = from + at + i;
        return { key, value, step, timestamp: 1_790_000_000_000 + step * 1_000 };
      }),
    });
}

async function open(experimentId: string, charts: object = {}): Promise<void> {
  asked = [];
  const search = new URLSearchParams({ view: "charts", charts: JSON.stringify(charts) });
  await page.goto(`${server.url}/experiments/${experimentId}?${search}`);
}

const chart = (key: string): Locator => page.locator(`figure[data-key="${key}"]`).first();

async function drawn(key: string, wanted: Record<string, string> = {}): Promise<Record<string, string>> {
  const looked = Object.entries(wanted).map(([name, value]) => `[data-${name}="${value}"]`);
  await page
    .locator(`figure[data-key="${key}"][data-state="drawn"]${looked.join("")}`)
    .first()
    .waitFor();
  return await chart(key).evaluate(
    (figure: HTMLElement) => ({ ...figure.dataset }) as Record<string, string>,
  );
}

async function drag(key: string, from: number, to: number): Promise<void> {
  const box = await chart(key).locator(".u-over").boundingBox();
  if (!box) throw new Error(`the chart of ${key} isn't drawn`);
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
  await page.mouse.up();
}

/** One finger, as the browser itself gets it: a drag that it takes for scrolling never reaches the chart. */
async function finger(on: Page, key: string, path: [number, number][]): Promise<void> {
  const box = await on.locator(`figure[data-key="${key}"] .u-over`).boundingBox();
  if (!box) throw new Error(`the chart of ${key} isn't drawn`);
  const session = await on.context().newCDPSession(on);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", at?: [number, number]) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: at ? [{ x: box.x + box.width * at[0], y: box.y + box.height * at[1] }] : [],
    });
  for (const [i, at] of path.entries()) await touch(i === 0 ? "touchStart" : "touchMove", at);
  await touch("touchEnd");
  await session.detach();
}

function spiky(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i === SPIKE ? 42 : Math.sin(i / 500)));
}

test("a spike is seen at any zoom, which the address keeps; a double click leads back", async () => {
  const id = await experiment("spikes");
  await run(id, "spiky", { "train/loss": spiky(10_000) });
  await open(id);
  await expect.poll(() => drawn("train/loss")).toMatchObject({ high: "42", last: "9999" });
  await drag("train/loss", 0.6, 0.9);
  await drawn("train/loss", { high: "42" });
  await page.waitForFunction(() => location.search.includes("zoom"));
  await expect.poll(() => asked.length).toBe(2);
  const [start, end] = [asked[1]?.start as number, asked[1]?.end as number];
  expect(start).toBeGreaterThan(5_000);
  expect(end).toBeLessThan(9_500);
  await page.reload();
  const zoomed = await drawn("train/loss", { high: "42" });
  expect(Number(zoomed.last)).toBeLessThanOrEqual(end);
  await chart("train/loss").locator(".u-over").dblclick();
  await drawn("train/loss", { last: "9999" });
  await page.waitForFunction(() => !location.search.includes("zoom"));
  await chart("train/loss").getByRole("img").press("+");
  await drawn("train/loss", { last: "7499" });
  await page.keyboard.press("0");
  await drawn("train/loss", { last: "9999" });
});

test("a finger across a chart zooms it, two taps lead back, and up and down it scrolls the page", async () => {
  const id = await experiment("touched");
  await run(id, "touched", Object.fromEntries(["a", "b", "c", "d"].map((key) => [key, spiky(2_000)])));
  const context = await browser.newContext({ hasTouch: true, viewport: { width: 500, height: 600 } });
  const phone = await context.newPage();
  const errors: string[] = [];
  phone.on("pageerror", (error) => errors.push(error.message));
  await phone.goto(`${server.url}/experiments/${id}?view=charts`);
  const seen = (last: string) =>
    phone.locator(`figure[data-key="a"][data-state="drawn"][data-last="${last}"] .u-over`).waitFor();
  await seen("1999");
  await finger(phone, "a", [
    [0.25, 0.5],
    [0.3, 0.5],
    [0.5, 0.52],
    [0.75, 0.5],
  ]);
  await phone.waitForFunction(() => location.search.includes("zoom"));
  const zoom = JSON.parse(new URL(phone.url()).searchParams.get("charts") ?? "{}").zoom.a as number[];
  expect(zoom[0]).toBeCloseTo(500, -2);
  expect(zoom[1]).toBeCloseTo(1_500, -2);
  await seen(String(Math.floor(zoom[1] as number)));
  await finger(phone, "a", [
    [0.3, 0.5],
    [0.6, 0.5],
    [0.305, 0.5],
  ]);
  await expect
    .poll(() => phone.locator('figure[data-key="a"] .u-select').boundingBox())
    .toMatchObject({ width: 0 });
  await finger(phone, "a", [[0.5, 0.5]]);
  await finger(phone, "a", [[0.5, 0.5]]);
  await phone.waitForFunction(() => !location.search.includes("zoom"));
  await seen("1999");
  const top = async () => (await phone.locator('figure[data-key="a"]').boundingBox())?.y ?? 0;
  const before = await top();
  await finger(phone, "a", [
    [0.5, 0.5],
    [0.5, 0.3],
    [0.52, -0.2],
    [0.55, -0.7],
  ]);
  await expect.poll(top).toBeLessThan(before - 30);
  expect(phone.url()).not.toContain("zoom");
  expect(errors).toEqual([]);
  await context.close();
});

test("a live point is drawn, and nothing that is known is fetched again", async () => {
  const id = await experiment("live charts");
  const runId = await run(id, "climber", { loss: spiky(5_000) });
  await open(id);
  await drawn("loss", { last: "4999" });
  await page.waitForTimeout(500);
  await log(runId, "loss", [0.5, 99], 5_000);
  await drawn("loss", { last: "5001", high: "99" });
  expect(asked).toHaveLength(2);
  expect(asked[1]?.since).toEqual([expect.toSatisfy((step: number) => step > 4_900)]);
});

test("NaN, infinities, one point, one x and nothing are drawn as what they are", async () => {
  const id = await experiment("odd values");
  await run(id, "odd", {
    gaps: [1, 2, "NaN", 3, "Infinity", 4, "-Infinity"],
    single: [5],
    flat: [3, 3, 3],
    nothing: ["NaN", "NaN"],
  });
  await open(id);
  await expect.poll(() => drawn("gaps")).toMatchObject({ low: "1", high: "4" });
  await chart("gaps").getByText("NaN as gaps · ∞ at the edge").waitFor();
  await expect.poll(() => drawn("single")).toMatchObject({ points: "1", low: "5" });
  await expect.poll(() => drawn("flat")).toMatchObject({ low: "3", high: "3" });
  await drawn("nothing");
  await page.getByLabel("Log y").check();
  await chart("gaps").locator("canvas").first().waitFor();
  await expect.poll(() => chart("flat").locator("table").textContent()).toContain("odd3233");
  expect(await seriousProblems(page)).toEqual([]);
});

test("the bar changes all charts, and the address says how", async () => {
  const id = await experiment("ways to look");
  await run(id, "one", {
    "train/loss": spiky(100),
    "train/acc": spiky(100),
    "val/loss": spiky(50),
    lr: [1, 2],
  });
  await open(id);
  await drawn("lr");
  await page.getByRole("button", { name: /train\s*2/ }).click();
  await chart("train/loss").waitFor({ state: "detached" });
  await page.getByLabel("Find metrics by name").fill("/^val");
  await chart("lr").waitFor({ state: "detached" });
  await page.getByLabel("X axis").selectOption("relative");
  await page.getByLabel("Smoothing").fill("0.8");
  await drawn("val/loss", { last: "49000" });
  await page.reload();
  await drawn("val/loss", { last: "49000" });
  await expect.poll(() => page.getByLabel("Smoothing").inputValue()).toBe("0.8");
  await page.getByLabel("Find metrics by name").fill("");
  await page.getByRole("button", { name: "Layout" }).click();
  await page.getByLabel("Sections, a regular expression a line").fill("loss$");
  await page.getByLabel("Sections, a regular expression a line").press("Tab");
  await page.getByRole("button", { name: /loss\$\s*2/ }).waitFor();
});

async function saved(title: string): Promise<Download> {
  await chart("loss").getByRole("button", { name: "Save loss" }).click();
  const file = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: title }).click();
  return await file;
}

test("a chart is saved as a picture and as all its points, and enlarged", async () => {
  const id = await experiment("saving");
  await run(id, "first, of two", { loss: spiky(12_000) });
  await run(id, "second", { loss: [1, 2] });
  await open(id);
  await drawn("loss");
  const png = readFileSync(await (await saved("Picture (PNG)")).path());
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.length).toBeGreaterThan(10_000);
  const lines = readFileSync(await (await saved("All points (CSV)")).path(), "utf8")
    .trim()
    .split("\r\n");
  expect(lines).toHaveLength(1 + 12_000 + 2);
  expect(lines.some((line) => line.includes(`"first, of two",loss,${SPIKE},`) && line.endsWith(",42"))).toBe(
    true,
  );
  await page.getByRole("button", { name: "Enlarge loss" }).click();
  const dialog = page.getByRole("dialog", { name: "loss" });
  await dialog.locator('figure[data-state="drawn"] canvas').first().waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

test("of ten thousand metrics, those on the screen are fetched", async () => {
  const id = await experiment("wide");
  const runId = await run(id, "wide", {});
  for (let at = 0; at < 10_000; at += 1_000)
    await server.post("runs/log-batch", {
      run_id: runId,
      metrics: Array.from({ length: 1_000 }, (_, i) => ({
        key: `layer/${String(at + i).padStart(5, "0")}`,
        value: i,
        step: 1,
        timestamp: 1,
      })),
    });
  await open(id);
  await drawn("layer/00000");
  const keys = () => new Set(asked.flatMap((request) => request.keys as string[])).size;
  expect(keys()).toBeLessThan(60);
  await page.getByLabel("Find metrics by name").fill("09999");
  await drawn("layer/09999");
  expect(keys()).toBeLessThan(70);
});
