import { beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { page, servedPage } from "./page";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const MOST_TAG = 8_000;
const LONG = "x".repeat(MOST_TAG);
const SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>";
const server = servedPage();
let experiment: string;

beforeAll(async () => {
  const made = await post<{ experiment_id: string }>("experiments/create", { name: "cellar" });
  experiment = made.experiment_id;
});

const post = async <T>(path: string, body: object): Promise<T> =>
  (await server.post(path, body)) as unknown as T;

async function run(name: string, tags: Record<string, string> = {}): Promise<string> {
  const { run: made } = await post<{ run: { info: { run_id: string } } }>("runs/create", {
    experiment_id: experiment,
    run_name: name,
    start_time: Date.now(),
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  return made.info.run_id;
}

const log = (runId: string, what: object) => post("runs/log-batch", { run_id: runId, ...what });
const points = (key: string, values: (number | string)[]) =>
  values.map((value, step) => ({ key, value, step, timestamp: 1_700_000_000_000 + step }));

async function upload(runId: string, path: string, text: string): Promise<void> {
  const query = new URLSearchParams({ run_uuid: runId, path });
  const answer = await fetch(`${server.url}/ajax-api/2.0/mlflow/upload-artifact?${query}`, {
    method: "POST",
    body: text,
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** What becomes true in a while. */
const soon = <T>(ask: () => Promise<T>) => expect.poll(ask, { timeout: 15_000 });
const goTo = (runId: string, tab = "") =>
  page.goto(`${server.url}/experiments/${experiment}/runs/${runId}${tab && `?tab=${tab}`}`);
const tab = (name: string | RegExp) => page.getByRole("tab", { name }).click();

test("the overview says what made the run, what it is part of, and what was written about it", async () => {
  const parent = await run("search");
  const child = await run("trial 1", {
    "mlflow.parentRunId": parent,
    "mlflow.user": "ann",
    "mlflow.source.name": "train.py",
    "mlflow.source.git.commit": COMMIT,
    "mlflow.source.git.branch": "main",
    "mlflow.source.git.dirty": "true",
    "mlflow.source.git.repoURL": "https://github.com/vine/yard.git",
  });
  await log(child, { metrics: points("loss", [3, 1]), params: [{ key: "rate", value: "0.1" }] });
  await goTo(child);
  for (const text of ["ann", "train.py", "main", "changed since"])
    await page.getByText(text, { exact: true }).waitFor();
  await expect
    .poll(() => page.getByRole("link", { name: COMMIT.slice(0, 10) }).getAttribute("href"))
    .toBe(`https://github.com/vine/yard/commit/${COMMIT}`);
  await page.getByRole("button", { name: "Add description" }).click();
  await page.getByLabel("Description (Markdown)").fill(`**Better** than before ${SCRIPT}`);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator(".markdown strong").getByText("Better").waitFor();
  await page.locator(".chart canvas").first().waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await page.getByRole("link", { name: "search" }).click();
  await page.getByRole("heading", { name: "search" }).waitFor();
  await page.getByRole("link", { name: "trial 1" }).waitFor();
});

test("a run is renamed, deleted elsewhere while it is looked at, and restored from there", async () => {
  const id = await run("first name");
  await goTo(id);
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Name", { exact: true }).fill("second name");
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await page.getByRole("heading", { name: "second name" }).waitFor();
  await post("runs/delete", { run_id: id });
  await page.getByText("This run is deleted.", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await page.getByText("This run is deleted.", { exact: false }).waitFor({ state: "detached" });
});

test("a run that isn't there is told so, with a way on", async () => {
  await goTo("0".repeat(32));
  await page.getByRole("heading", { name: "There is no such run" }).waitFor();
  await page.getByRole("link", { name: "The runs of this experiment" }).click();
  await page.waitForURL((url) => url.pathname === `/experiments/${experiment}`);
});

test("metrics have their last, least and greatest values, also where some are no numbers", async () => {
  const id = await run("measured");
  await log(id, {
    metrics: [...points("loss", [5, 900, -2, 7]), ...points("odd", ["NaN", "Infinity", 1, "NaN"])],
  });
  await goTo(id, "metrics");
  const cells = async (name: string) =>
    (
      await page
        .getByRole("row", { name: new RegExp(`^${name}`) })
        .getByRole("cell")
        .allInnerTexts()
    ).slice(1, 6);
  await soon(() => cells("loss")).toEqual(["7", "3", "-2", "900", "4"]);
  await soon(() => cells("odd")).toEqual(["NaN", "3", "1", "∞", "4"]);
  await page.getByRole("link", { name: "loss" }).click();
  await page.waitForURL(/tab=charts/);
  await page.getByRole("dialog").getByText("loss").first().waitFor();
});

test("thousands of metrics are found and scrolled, and few of them are in the page", async () => {
  const id = await run("wide");
  const keys = Array.from({ length: 3_000 }, (_, at) => `metric/${String(at).padStart(4, "0")}`);
  for (let at = 0; at < keys.length; at += 1_000)
    await log(id, { metrics: keys.slice(at, at + 1_000).flatMap((key) => points(key, [1])) });
  await goTo(id, "metrics");
  await page.getByText("metric/0000").waitFor();
  await expect.poll(() => page.getByRole("row").count()).toBeLessThan(100);
  const table = page.getByRole("region", { name: "Metrics" });
  await soon(async () => {
    await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    return await page
      .getByRole("row", { name: /^metric\/2999/ })
      .getByRole("cell")
      .nth(5)
      .textContent({ timeout: 500 })
      .catch(() => "");
  }).toBe("1");
  await page.getByLabel("Find metrics by name").fill("1234");
  await page.getByText("metric/1234").waitFor();
  expect(page.url()).toContain("find=");
  await soon(() => page.getByRole("row").count()).toBe(2);
});

test("values as long as they may be are cut, shown when asked for, and copied whole", async () => {
  const id = await run("long", { "mlflow.source.git.diff": LONG });
  await log(id, { params: [{ key: "big", value: LONG.slice(0, 6_000) }] });
  await goTo(id, "params");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const length = () => page.locator(".value").evaluate((element) => element.textContent?.length);
  const copied = () => page.evaluate(() => navigator.clipboard.readText().then((text) => text.length));
  await page.getByRole("button", { name: "Show 6.0 KB" }).waitFor();
  await expect.poll(() => length()).toBeLessThan(400);
  await page.getByRole("button", { name: "Copy all" }).click();
  await soon(copied).toBe(6_000);
  await page.getByRole("button", { name: "Show 6.0 KB" }).click();
  await soon(length).toBeGreaterThan(6_000);
  await tab(/^Tags/);
  await page.getByText("Written by programs").click();
  await page.getByRole("button", { name: "Copy all" }).click();
  await soon(copied).toBe(LONG.length);
});

test("what was amended is told: points hidden by a rewind, params that were corrected", async () => {
  const id = await run("amended");
  await log(id, { metrics: points("loss", [4, 3, 2, 1]), params: [{ key: "rate", value: "0.5" }] });
  await server.seed(`
import headrace as mlflow
client = mlflow.tracking.MlflowClient()
client.rewind_run("${id}", 1)
client.correct_param("${id}", "rate", "0.05", reason="a zero was lost")
print("null")`);
  await goTo(id);
  await page.getByRole("region", { name: "Rewinds" }).getByText("2 points of loss were hidden").waitFor();
  await tab(/^Params/);
  await page.getByText("0.05", { exact: true }).waitFor();
  await page.locator(".correction", { hasText: "was 0.5" }).getByText("a zero was lost").waitFor();
});

test("tags are added, changed and removed; what is written in them is text", async () => {
  const id = await run("tagged", { team: "red" });
  await goTo(id, "tags");
  await page.getByRole("button", { name: "Add tag" }).click();
  await page.getByLabel("Key").fill("who");
  await page.getByLabel("Value").fill(SCRIPT);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText(SCRIPT).waitFor();
  await page.getByRole("button", { name: "Edit tag team" }).click();
  await page.getByLabel("Value").fill("blue");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("blue", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Delete tag team" }).click();
  await page.getByText("blue", { exact: true }).waitFor({ state: "detached" });
  expect(await seriousProblems(page)).toEqual([]);
});

test("what is logged meanwhile shows up, and the time that the run takes goes on", async () => {
  const id = await run("going on");
  await goTo(id);
  await page.getByRole("heading", { name: "going on" }).waitFor();
  const duration = () => page.locator(".run-facts div", { hasText: "Duration" }).locator("dd").textContent();
  const before = await duration();
  await log(id, { metrics: points("late", [42]), params: [{ key: "slow", value: "yes" }] });
  await page.getByRole("rowheader", { name: "late" }).waitFor();
  await page.getByRole("rowheader", { name: "slow" }).waitFor();
  await soon(duration).not.toBe(before);
  await post("runs/update", { run_id: id, status: "FINISHED", end_time: Date.now() });
  await page.getByText("finished", { exact: true }).waitFor();
});

test("a log is followed from its end, and searched", async () => {
  const id = await run("talking");
  const lines = Array.from({ length: 12_000 }, (_, at) => `step ${at}: loss 0.5 and some more words`);
  await upload(id, "project/output.log", `${lines.join("\n")}\n`);
  await upload(id, "logs/worker.log", "the worker\u001b[31m says\u001b[0m hello\n");
  await goTo(id, "logs");
  await page.getByText(`step 11999: loss`, { exact: false }).waitFor();
  await page.getByRole("button", { name: "Load what came before" }).waitFor();
  await upload(id, "project/output.log", `${lines.join("\n")}\nan error came\n`);
  await page.getByText("an error came").waitFor();
  await page.getByRole("button", { name: "Load what came before" }).click();
  await page.getByLabel("Find in the log").fill("step 17:");
  await page.getByText("1 of 1 lines").waitFor();
  await page.locator(".log-line.at mark").getByText("step 17:").waitFor();
  await page.getByLabel("Wrap lines").check();
  await page.getByRole("button", { name: /worker\.log/ }).click();
  await page.getByText("the worker says hello").waitFor();
  expect(await seriousProblems(page)).toEqual([]);
});

test("datasets, system metrics and models are told; a model becomes a version", async () => {
  const id = await run("whole");
  await log(id, { metrics: points("system/cpu_utilization_percentage", [10, 20]) });
  await post("runs/log-inputs", {
    run_id: id,
    datasets: [
      {
        tags: [{ key: "mlflow.data.context", value: "training" }],
        dataset: {
          name: "wines",
          digest: "abc123",
          source_type: "local",
          source: '{"uri": "wines.csv"}',
          schema: '{"mlflow_colspec": [{"type": "double", "name": "alcohol", "required": true}]}',
          profile: '{"num_rows": 1000}',
        },
      },
    ],
  });
  await upload(id, "old/MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n");
  const history = JSON.stringify([{ artifact_path: "old", model_uuid: "1", flavors: {} }]);
  await log(id, { tags: [{ key: "mlflow.log-model.history", value: history }] });
  await goTo(id, "datasets");
  for (const text of ["training", "abc123", "wines.csv", "1,000", "alcohol"])
    await page.getByText(text, { exact: true }).waitFor();
  await tab(/System/);
  await page.locator(".chart canvas").first().waitFor();
  await tab("Models");
  await page.getByText("python_function").waitFor();
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByLabel("Name of the registered model").fill("claret");
  await page.getByLabel("Why, for the history").fill("the first of them");
  await page.getByRole("dialog").getByRole("button", { name: "Register" }).click();
  await page.waitForURL(/\/models\/claret\/versions\/1/);
  await page.goBack();
  await page.getByRole("link", { name: "claret 1" }).waitFor();
});

test("without anything logged, each part says how it would be", async () => {
  const id = await run("empty");
  await goTo(id, "metrics");
  await page.getByText('mlflow.log_metric("loss", 0.42, step=1)').waitFor();
  for (const [name, text] of [
    ["Params", "mlflow.log_param("],
    ["System", "mlflow.enable_system_metrics_logging()"],
    ["Datasets", "mlflow.log_input("],
    ["Models", "mlflow.sklearn.log_model("],
    ["Logs", "mlflow.log_artifact("],
    ["Artifacts", "No files yet."],
  ] as const) {
    await tab(new RegExp(`^${name}`));
    await page.getByText(text, { exact: false }).waitFor();
  }
});

test("on a narrow screen nothing is cut off", async () => {
  const id = await run("a name that is so long that it fits on no telephone, whatever way it is held");
  await log(id, {
    metrics: points("a/metric/with/a/long/name", [1, 2]),
    params: [{ key: "k", value: "v".repeat(900) }],
  });
  await page.setViewportSize({ width: 390, height: 800 });
  for (const part of ["", "metrics", "params", "tags"]) {
    await goTo(id, part);
    await page.getByRole("tabpanel").waitFor();
    await page.waitForTimeout(200);
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
      .toBeLessThanOrEqual(390);
  }
  expect(await seriousProblems(page)).toEqual([]);
  await page.setViewportSize({ width: 1280, height: 800 });
});
