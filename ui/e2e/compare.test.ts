import { beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { page, servedPage } from "./page";

const SCRIPT = "<img src=x onerror=alert(1)>";
const SEED = `
import json
import numpy as np
import headrace as mlflow

mlflow.set_experiment("compared")
ids = []
for i, name in enumerate(["first", "second", "${SCRIPT}"]):
    with mlflow.start_run(run_name=name) as run:
        ids.append(run.info.run_id)
        mlflow.log_params({"rate": [0.1, 0.1, 0.5][i], "batch": 64, "notes": "long " * 30 + str(i)})
        if i == 1:
            mlflow.log_param("warmup", 100)
        mlflow.log_metrics({"loss": [0.5, 0.25, 1.0][i], "gain": [1, float("nan"), 3][i]}, step=1)
        mlflow.log_metric("loss", [0.4, 0.2, 0.8][i], step=2)
        mlflow.set_tags({"team": "${SCRIPT}", "mlflow.source.git.commit": f"c{i}"})
        for step in [0, 5]:
            mlflow.log_image(np.full((4, 4), i * 40 + step, dtype=np.uint8), key="val/samples", step=step)
        mlflow.log_text(f"numpy==2.{i}.0\\ntorch==2.4.1\\n", "requirements.txt")
        mlflow.log_text(f"learning: {i}\\nsame: yes\\n", "settings.txt")
        if i != 2:
            mlflow.log_text("+depth = %d\\n run()\\n" % i, "project/changes.diff")
print(json.dumps(ids))
`;

const server = servedPage();
let ids: string[];

beforeAll(async () => {
  ids = await server.seed<string[]>(SEED);
});

const open = (runs: string[], more = "") =>
  page.goto(`${server.url}/experiments/1/compare?runs=${runs.join()}${more}`);
/** As expect.poll, on a machine that is busy. */
const soon = <T>(ask: () => Promise<T>) => expect.poll(ask, { timeout: 10_000 });
const row = (name: string) => page.getByRole("row", { name: new RegExp(`^${name}`) });
const cells = async (name: string) =>
  (await row(name).getByRole("cell").allInnerTexts()).map((text) => text.trim());

test("values stand side by side, and what differs is marked", async () => {
  await open(ids);
  await row("rate").waitFor();
  await expect.poll(() => cells("rate")).toEqual(["0.1", "0.1", "0.5"]);
  await expect.poll(() => cells("warmup")).toEqual(["–", "100", "–"]);
  await expect.poll(() => row("rate").getAttribute("class")).toContain("differs");
  await expect.poll(() => row("batch").getAttribute("class")).not.toContain("differs");
  await expect.poll(() => row("rate").locator(".unlike").allInnerTexts()).toEqual(["0.5"]);
  await page.getByLabel("Only differences").check();
  await row("batch").waitFor({ state: "detached" });
  await row("numpy").scrollIntoViewIfNeeded();
  await expect.poll(() => cells("numpy")).toEqual(["2.0.0", "2.1.0", "2.2.0"]);
  await expect.poll(() => row("torch").count()).toBe(0);
  await page.reload();
  await row("rate").waitFor();
  await expect.poll(() => row("batch").count()).toBe(0);
});

test("metrics are held against a baseline, the best is marked the way that somebody chose", async () => {
  await open(ids);
  await page.getByRole("button", { name: "first is the baseline" }).click();
  await soon(() => cells("loss")).toEqual(["0.4", "0.2\n−0.2 (−50 %)", "0.8\n+0.4 (+100 %)"]);
  await expect.poll(() => page.locator(".top").count()).toBe(0);
  await row("loss").getByRole("button").click();
  await soon(() => row("loss").locator(".top").textContent()).toContain("0.8");
  await row("loss").getByRole("button").click();
  await soon(() => row("loss").locator(".top").textContent()).toContain("0.2");
  await page.getByLabel("Metrics").selectOption("max");
  await soon(async () => (await cells("loss"))[0]).toBe("0.5");
  expect((await cells("gain"))[1]).toBe("NaN");
  expect(page.url()).toContain("value=max");
  await page.getByRole("button", { name: "Take second out" }).click();
  await soon(async () => (await cells("loss")).length).toBe(2);
  expect(await seriousProblems(page)).toEqual([]);
});

test("a run that is deleted or unknown is told, and the others are shown", async () => {
  const made = (await server.post("runs/create", { experiment_id: "1", run_name: "gone" })) as unknown as {
    run: { info: { run_id: string } };
  };
  const gone = made.run.info.run_id;
  await open([gone, ...ids.slice(0, 2), "nobody"]);
  await row("Status").waitFor();
  await page.getByText("Not found: nobody.").waitFor();
  await expect.poll(() => cells("Status")).toHaveLength(3);
  await page.waitForTimeout(300);
  await server.post("runs/delete", { run_id: gone });
  await page.getByText("Deleted: gone.").waitFor();
  await soon(async () => (await cells("Status")).length).toBe(2);
  await page.getByRole("button", { name: "Leave them out" }).click();
  await page.getByText("Not found").waitFor({ state: "detached" });
  await open([]);
  await page.getByText("No runs are chosen").waitFor();
});

test("long values and changes of the code are read whole, and against another run's", async () => {
  await open(ids.slice(0, 2));
  await row("notes").getByRole("button").nth(1).click();
  await page
    .getByRole("dialog")
    .getByText(/long 1$/)
    .waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await row("Changes").getByRole("button").first().scrollIntoViewIfNeeded();
  await row("Changes").getByRole("button").first().click();
  await page.getByLabel("Against").selectOption({ label: "second" });
  await page.locator(".difference .added").waitFor();
  await expect.poll(() => page.locator(".difference .added").textContent()).toContain("+depth = 0");
  await expect.poll(() => page.locator(".difference .removed").textContent()).toContain("+depth = 1");
  await page.getByRole("button", { name: "Close" }).click();
});

test("rows are copied as Markdown and CSV", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(ids.slice(0, 2), "&q=rate");
  await row("rate").waitFor();
  const copy = async (kind: string) => {
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByRole("menuitem", { name: kind }).click();
    await page.getByText("Copied.").first().waitFor();
    return await page.evaluate(() => navigator.clipboard.readText());
  };
  expect(await copy("As Markdown")).toBe(
    "| Params | first | second |\n| --- | --- | --- |\n| rate | 0.1 | 0.1 |\n",
  );
  await soon(() => copy("As CSV")).toBe("Section,Name,first,second\r\nparams,rate,0.1,0.1\r\n");
});

test("files stand beside each other, and what differs between two", async () => {
  await open(ids, "&view=artifacts");
  await page.getByRole("treeitem", { name: /settings.txt/ }).click();
  for (const at of [0, 1, 2]) await page.getByText(`learning: ${at}`).waitFor();
  await expect
    .poll(() => page.getByRole("treeitem", { name: /settings.txt/ }).textContent())
    .toContain("differs");
  await expect.poll(() => page.getByRole("treeitem", { name: /project/ }).textContent()).toContain("2 of 3");
  await page.getByRole("button", { name: "Difference" }).click();
  await page.locator(".difference .removed").waitFor();
  await expect
    .poll(() => page.locator(".difference pre").textContent())
    .toContain("-learning: 0\n+learning: 1\n same: yes");
  expect(await seriousProblems(page)).toEqual([]);
});

test("images of a step stand beside each other, moved by one slider", async () => {
  await open(ids, "&view=images");
  await page.getByRole("img", { name: "second at step 5" }).waitFor();
  await page.getByRole("slider", { name: "Step" }).press("ArrowLeft");
  const image = page.getByRole("img", { name: "second at step 0" });
  await image.waitFor();
  await soon(() => image.evaluate((each: HTMLImageElement) => each.naturalWidth)).toBe(4);
  expect(page.url()).toContain("step=0");
  expect(await seriousProblems(page)).toEqual([]);
});

test("charts lie over each other", async () => {
  await open(ids, "&view=charts");
  await page.locator("canvas").first().waitFor();
});

test("a hundred runs scroll sideways beside the names of the rows", async () => {
  const many = await server.seed<string[]>(`
import json
import headrace as mlflow
client = mlflow.MlflowClient()
ids = []
for i in range(100):
    run = client.create_run("1", run_name=f"run {i}")
    client.log_param(run.info.run_id, "rate", i)
    ids.append(run.info.run_id)
print(json.dumps(ids))
`);
  await open(many);
  await row("rate").waitFor();
  await expect.poll(() => page.getByRole("columnheader").count()).toBeLessThan(20);
  await page.locator(".compare-table").evaluate((table) => table.scrollTo({ left: table.scrollWidth }));
  await page.getByRole("link", { name: "run 99" }).waitFor();
  await expect.poll(() => row("rate").getByRole("rowheader").boundingBox()).toMatchObject({ x: 0 });
  expect((await cells("rate")).at(-1)).toBe("99");
});
