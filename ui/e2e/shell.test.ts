/** What is around every page: palette, keys, focus, titles, narrow screens; and the list of experiments. */

import { beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { browser, type Made, page, servedPage } from "./page";
import { openPage } from "./server";

const LONG = `${"a-very-long-name".repeat(20)} 文字 ${"w".repeat(100)}`;
const MANY = 600;
const server = servedPage();
let experimentId: string;
let runId: string;

const post = async (path: string, body: object) => (await server.post(path, body)) as unknown as Made;

beforeAll(async () => {
  experimentId = (await post("experiments/create", { name: LONG })).experiment_id;
  const made = await post("runs/create", { experiment_id: experimentId, run_name: "winding climb" });
  runId = made.run.info.run_id;
  await server.post("registered-models/create", { name: "wine" });
});

const focused = () => page.evaluate(() => document.activeElement?.textContent);

test("the palette leads to a run by its name, without a mouse, and what it leads to has the focus", async () => {
  await page.goto(server.url);
  await page.getByRole("link", { name: "Default" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("ing CLIMB");
  await page.getByRole("option", { name: /winding climb/ }).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "winding climb" }).waitFor();
  expect(page.url()).toBe(`${server.url}/experiments/${experimentId}/runs/${runId}`);
  await expect.poll(() => page.title()).toBe("winding climb · Headrace");
  await page.waitForFunction(() => document.activeElement?.tagName === "H1");
});

test("the palette finds runs by the beginning of their id, models, recent places and commands", async () => {
  await page.goto(server.url);
  await page.getByRole("link", { name: "Default" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: /winding climb.*Run/ }).waitFor();
  await page.keyboard.type(runId.slice(0, 8));
  await page.waitForFunction(() => document.querySelectorAll("[role=option]").length === 1);
  await page.getByRole("option", { name: /winding climb/ }).waitFor();
  await page.getByRole("combobox").fill("wine");
  await page.getByRole("option", { name: /wine.*Model/ }).waitFor();
  await page.getByRole("combobox").fill("new exp");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "New experiment" }).waitFor();
  await page.keyboard.press("Escape");
});

test("keys lead to the lists and are listed, and do nothing while somebody types", async () => {
  await page.goto(server.url);
  await page.getByRole("link", { name: "Default" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("gm?tc");
  await expect.poll(() => page.getByLabel("Find experiments by name").inputValue()).toBe("gm?tc");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  await page.getByLabel("Find experiments by name").fill("");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).getByText("New experiment").waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.keyboard.type("gm");
  await page.getByRole("heading", { level: 1, name: "Models" }).waitFor();
  await expect.poll(() => page.title()).toBe("Models · Headrace");
  await page.keyboard.type("ge");
  await page.getByRole("heading", { level: 1, name: "Experiments" }).waitFor();
});

test("the first key of a page leads past the bar", async () => {
  await page.goto(server.url);
  await page.getByRole("link", { name: "Default" }).waitFor();
  await page.keyboard.press("Tab");
  await expect.poll(() => focused()).toBe("Skip to content");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("main");
  expect(page.url()).toBe(`${server.url}/`);
});

test.each(["light", "dark"] as const)(
  "nothing is cut off or too faint on a narrow screen in %s",
  async (scheme) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width: 390, height: 800 });
    const paths = [
      "/",
      `/experiments/${experimentId}`,
      "/models",
      "/models/wine",
      "/experiments/no/such/page",
    ];
    for (const path of paths) {
      await page.goto(server.url + path);
      await page.locator("h1").first().waitFor();
      await page.waitForTimeout(150);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect([path, over <= 0]).toEqual([path, true]);
      expect([path, await seriousProblems(page)]).toEqual([path, []]);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  },
);

test("an address of MLflow's that is pasted over an open page leads on", async () => {
  await page.goto(server.url);
  await page.getByRole("link", { name: "Default" }).waitFor();
  await page.evaluate((id) => {
    window.location.hash = `#/experiments/${id}`;
  }, experimentId);
  await page.waitForURL(`${server.url}/experiments/${experimentId}`);
  await page.goto(server.url);
  await page.getByRole("link", { name: "Default" }).waitFor();
  await page.evaluate(() => {
    window.location.hash = '#/models/wine?tab="x';
  });
  await page.getByRole("heading", { level: 1, name: "wine" }).waitFor();
});

test("a page that lives holds one stream, and none while nobody looks", async () => {
  const { page: watched } = await openPage(browser);
  const open = new Set<string>();
  watched.on("request", (request) => /changes\/stream/.test(request.url()) && open.add(request.url()));
  watched.on("requestfailed", (request) => open.delete(request.url()));
  await watched.goto(`${server.url}/experiments/${experimentId}`);
  const settled = async (count: number) => {
    for (let waited = 0; open.size !== count && waited < 50; waited += 1) await watched.waitForTimeout(100);
    expect(open.size).toBe(count);
  };
  const show = (hidden: boolean) =>
    watched.evaluate((now) => {
      Object.defineProperty(document, "hidden", { value: now, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await settled(1);
  await show(true);
  await settled(0);
  await post("runs/create", { experiment_id: experimentId, run_name: "while nobody looked" });
  await show(false);
  await watched.getByRole("link", { name: "while nobody looked" }).waitFor();
  await watched.close();
});

test("hundreds of experiments are one list, of which the page holds what is in sight", async () => {
  for (let from = 0; from < MANY; from += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        post("experiments/create", { name: `sweep ${String(from + at).padStart(4, "0")}` }),
      ),
    );
  await page.goto(`${server.url}/?order=name`);
  await page.locator("table.experiments tbody tr").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => focused()).toBe(LONG);
  const last = page.getByRole("link", { name: `sweep 0${MANY - 1}` });
  // End leads to the last of those that were fetched; reaching it fetches more.
  for (let tries = 0; tries < 40 && !(await last.isVisible()); tries += 1) {
    await page.keyboard.press("End");
    await page.waitForTimeout(100);
  }
  await last.waitFor();
  await expect.poll(() => page.locator("table.experiments tbody tr").count()).toBeLessThan(80);
  await page.keyboard.press("Home");
  await page.getByRole("link", { name: "Default" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/experiments/0`);
});
