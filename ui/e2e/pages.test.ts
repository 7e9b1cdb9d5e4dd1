import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { openBrowser, openPage, Server } from "./server";

const SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>";
const server = new Server();
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  await server.start();
  browser = await openBrowser();
  ({ page, errors } = await openPage(browser));
});

afterAll(async () => {
  await browser?.close();
  await server.close();
});

interface Ids {
  experiment_id: string;
  run: { info: { run_id: string } };
}

async function experiment(name: string): Promise<string> {
  return ((await server.post("experiments/create", { name })) as unknown as Ids).experiment_id;
}

async function run(experimentId: string, name: string, loss: number[]): Promise<string> {
  const made = (await server.post("runs/create", {
    experiment_id: experimentId,
    run_name: name,
  })) as unknown as Ids;
  const runId = made.run.info.run_id;
  await server.post("runs/log-batch", {
    run_id: runId,
    metrics: loss.map((value, step) => ({ key: "loss", value, timestamp: step, step })),
    params: [{ key: "rate", value: "0.1" }],
  });
  return runId;
}

const seen = (text: string) => page.getByText(text, { exact: true }).first().waitFor();

test("an experiment is made, renamed, deleted and restored", async () => {
  await page.goto(server.url);
  await page.getByRole("button", { name: "New experiment" }).click();
  await page.getByLabel("Name", { exact: true }).fill("vineyard");
  await page.getByLabel("Description (Markdown)").fill("Wines of the south");
  await page.getByRole("button", { name: "Create" }).click();
  await seen("Wines of the south");
  const row = page.getByRole("row", { name: /vineyard/ });
  await row.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Name", { exact: true }).fill("vineyards");
  await page.getByRole("dialog").getByRole("button", { name: "Edit" }).click();
  await page.getByRole("link", { name: "vineyards" }).waitFor();
  await page
    .getByRole("row", { name: /vineyards/ })
    .getByRole("button", { name: "Delete" })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("link", { name: "vineyards" }).waitFor({ state: "detached" });
  await page.getByLabel("Deleted").check();
  await page
    .getByRole("row", { name: /vineyards/ })
    .getByRole("button", { name: "Restore" })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await page.getByLabel("Deleted").uncheck();
  await page.getByRole("link", { name: "vineyards" }).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
});

test("a name that is taken is told in the dialog, and nothing is lost", async () => {
  await page.goto(server.url);
  await page.getByRole("button", { name: "New experiment" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Default");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("dialog").getByText("already exists", { exact: false }).waitFor();
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Default");
});

test.each(["digits_grid", "winemaker's", "100% juice"])(
  "an experiment called %s is found by its name",
  async (name) => {
    await experiment(name);
    await page.goto(server.url);
    await page.getByLabel("Find experiments by name").fill(name);
    await page.getByRole("link", { name: "Default" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name }).waitFor();
  },
);

test("runs are filtered and ordered, and the address says how", async () => {
  const id = await experiment("filtering");
  await run(id, "good", [0.5, 0.1]);
  await run(id, "bad", [0.5, 0.9]);
  await page.goto(`${server.url}/experiments/${id}`);
  await seen("2 runs");
  await page.getByLabel("Filter").fill("metrics.loss < 0.5");
  await page.getByLabel("Filter").press("Enter");
  await seen("1 runs");
  expect(page.url()).toContain("filter=");
  await page.reload();
  await page.getByRole("link", { name: "good" }).waitFor();
  await page.getByLabel("Filter").fill("metrics.loss < wrong");
  await page.getByLabel("Filter").press("Enter");
  await page.getByText("Invalid filter at character", { exact: false }).waitFor();
  await page.getByLabel("Filter").fill("");
  await page.getByLabel("Filter").press("Enter");
  await page.getByRole("button", { name: "loss" }).click();
  await page.waitForFunction(() => document.querySelector(".grid-row a")?.textContent === "bad");
  expect(await seriousProblems(page)).toEqual([]);
});

test("a run that is logged meanwhile shows up", async () => {
  const id = await experiment("live");
  await run(id, "first", [1]);
  await page.goto(`${server.url}/experiments/${id}`);
  await page.getByRole("link", { name: "first" }).waitFor();
  await page.waitForTimeout(500);
  await run(id, "second", [1]);
  await page.getByRole("link", { name: "second" }).waitFor();
});

test("a run's page shows its values, and a chart where there are points", async () => {
  const id = await experiment("one");
  const runId = await run(id, "climber", [3, 2, 90, 1]);
  await page.goto(`${server.url}/experiments/${id}/runs/${runId}`);
  await page.getByRole("heading", { name: "climber" }).waitFor();
  await page.locator(".chart canvas").waitFor();
  const drawn = () =>
    page.locator(".chart canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const light = await drawn();
  await page.getByRole("button", { name: "choose light" }).click();
  await page.getByRole("button", { name: "choose dark" }).click();
  await page.waitForFunction(
    (before) => document.querySelector<HTMLCanvasElement>(".chart canvas")?.toDataURL() !== before,
    light,
  );
  await page.getByRole("button", { name: "choose system" }).click();
  expect(await seriousProblems(page)).toEqual([]);
});

test("addresses as MLflow's clients print them lead to the page of the same thing", async () => {
  const id = await experiment("hashes");
  const runId = await run(id, "hashed", [1]);
  await page.goto(`${server.url}/#/experiments/${id}/runs/${runId}`);
  await page.getByRole("heading", { name: "hashed" }).waitFor();
  expect(page.url()).toBe(`${server.url}/experiments/${id}/runs/${runId}`);
});

test("what people write is text: no script in a name, a tag or a description runs", async () => {
  const id = await experiment(SCRIPT);
  await server.post("experiments/set-experiment-tag", {
    experiment_id: id,
    key: "mlflow.note.content",
    value: SCRIPT,
  });
  const runId = await run(id, SCRIPT, [1, 2]);
  await server.post("runs/set-tag", { run_id: runId, key: "who", value: SCRIPT });
  for (const path of ["/", `/experiments/${id}`, `/experiments/${id}/runs/${runId}`]) {
    await page.goto(server.url + path);
    await page.getByText("<img src=x", { exact: false }).first().waitFor();
  }
});

test("a server that is gone is told, and one that is back is used again", async () => {
  const id = await experiment("outage");
  await page.goto(`${server.url}/experiments/${id}`);
  await page.getByText("No runs here.").waitFor();
  const port = Number(new URL(server.url).port);
  await server.stop();
  await page.getByText("The server doesn't answer.", { exact: false }).waitFor();
  await server.start(port);
  await page.getByText("The server doesn't answer.", { exact: false }).waitFor({ state: "detached" });
  await run(id, "after the outage", [1]);
  await page.getByRole("link", { name: "after the outage" }).waitFor();
});

test("nothing ran that shouldn't, and no page failed", () => {
  expect(errors).toEqual([]);
});
