/** The list of experiments, addresses of MLflow's, and what people write: text on every page. */

import { expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { type Made, page, servedPage } from "./page";

const SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>";
const LINK = "[go](javascript:alert(3)) ![see](https://elsewhere.example/pixel.png)";
const server = servedPage();

async function experiment(name: string): Promise<string> {
  return ((await server.post("experiments/create", { name })) as unknown as Made).experiment_id;
}

async function run(experimentId: string, name: string): Promise<string> {
  const made = (await server.post("runs/create", {
    experiment_id: experimentId,
    run_name: name,
  })) as unknown as Made;
  const runId = made.run.info.run_id;
  await server.post("runs/log-batch", {
    run_id: runId,
    metrics: [1, 2].map((value, step) => ({ key: "loss", value, timestamp: step, step })),
    params: [{ key: "rate", value: SCRIPT }],
    tags: [
      { key: "who", value: SCRIPT },
      { key: "mlflow.note.content", value: `${SCRIPT}\n\n${LINK}` },
    ],
  });
  return runId;
}

async function choose(name: string, act: string): Promise<void> {
  await page.getByRole("button", { name: `More for ${name}` }).click();
  await page.getByRole("menuitem", { name: act }).click();
}

test("an experiment is made, described, renamed, deleted and restored", async () => {
  await page.goto(server.url);
  await page.getByRole("button", { name: "New experiment" }).click();
  await page.getByLabel("Name", { exact: true }).fill("vineyard");
  await page.getByLabel("Description (Markdown)").fill("# Wines of the **south**");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Wines of the south", { exact: true }).waitFor();
  await choose("vineyard", "Edit…");
  await page.getByLabel("Name", { exact: true }).fill("vineyards");
  await page.getByRole("dialog").getByRole("button", { name: "Edit" }).click();
  await page.getByRole("link", { name: "vineyards" }).waitFor();
  await choose("vineyards", "Delete…");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("link", { name: "vineyards" }).waitFor({ state: "detached" });
  await page.getByLabel("Deleted").check();
  await choose("vineyards", "Restore…");
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await page.getByLabel("Deleted").uncheck();
  await page.getByRole("link", { name: "vineyards" }).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
});

test("a name that is taken is told in the dialog, and nothing is lost, not by a slip of the hand either", async () => {
  await page.goto(server.url);
  await page.getByRole("button", { name: "New experiment" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Default");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("dialog").getByText("already exists", { exact: false }).waitFor();
  await page.mouse.click(5, 400);
  await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Default");
});

test.each(["digits_grid", "winemaker's", "100% juice"])(
  "an experiment called %s is found by its name, and the address says so",
  async (name) => {
    await experiment(name);
    await page.goto(server.url);
    await page.getByLabel("Find experiments by name").fill(name);
    await page.getByRole("link", { name: "Default" }).waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("link", { name }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: "Default" }).count()).toBe(0);
  },
);

test("a list without anything teaches how to log a run, with this server's address", async () => {
  await page.goto(server.url);
  await page.getByLabel("Find experiments by name").fill("no such name");
  await page.getByText("No experiment is called so.").waitFor();
  await server.post("experiments/delete", { experiment_id: "0" });
  await page.route("**/experiments/search", (route) => route.fulfill({ json: { experiments: [] } }));
  await page.goto(server.url);
  await page.getByText(`mlflow.set_tracking_uri("${server.url}")`, { exact: false }).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await page.unroute("**/experiments/search");
  await server.post("experiments/restore", { experiment_id: "0" });
});

test("addresses as MLflow's clients print them lead to the page of the same thing", async () => {
  const id = await experiment("hashes");
  const runId = await run(id, "hashed");
  await page.goto(`${server.url}/#/experiments/${id}/runs/${runId}`);
  await page.getByRole("heading", { level: 1, name: "hashed" }).waitFor();
  expect(page.url()).toBe(`${server.url}/experiments/${id}/runs/${runId}`);
});

test("what people write is text: no script in a name, a tag, a value or Markdown runs on any page", async () => {
  const id = await experiment(SCRIPT);
  await server.post("experiments/set-experiment-tag", {
    experiment_id: id,
    key: "mlflow.note.content",
    value: `${SCRIPT}\n\n${LINK}`,
  });
  const runId = await run(id, SCRIPT);
  const other = await run(id, SCRIPT);
  await server.post("registered-models/create", { name: SCRIPT.slice(0, 28), description: SCRIPT + LINK });
  await server.post("model-versions/create", {
    name: SCRIPT.slice(0, 28),
    source: `runs:/${runId}/model`,
    run_id: runId,
    description: SCRIPT + LINK,
  });
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && /^https?:/.test(request.url()))
      elsewhere.push(request.url());
  });
  const model = `/models/${encodeURIComponent(SCRIPT.slice(0, 28))}`;
  const runPage = `/experiments/${id}/runs/${runId}`;
  for (const path of [
    "/",
    `/experiments/${id}`,
    runPage,
    `${runPage}?tab=params`,
    `${runPage}?tab=tags`,
    `/experiments/${id}/compare?runs=${runId},${other}`,
    "/models",
    model,
    `${model}/versions/1`,
  ]) {
    await page.goto(server.url + path);
    await page.getByText("<img src=x", { exact: false }).first().waitFor();
    await page.waitForTimeout(100);
    expect([path, await page.locator('a[href^="javascript:"]').count()]).toEqual([path, 0]);
  }
  await page.keyboard.press("Control+k");
  await page.keyboard.type("<img");
  await page
    .getByRole("option", { name: /<img src=x.*Run/ })
    .first()
    .waitFor();
  expect(elsewhere).toEqual([]);
});
