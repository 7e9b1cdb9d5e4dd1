import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { type Started, started, stopped } from "./command";
import { page, servedPage } from "./page";

const SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>";
const SEED = `
import json
import pandas as pd
from sklearn.linear_model import LogisticRegression
import headrace as mlflow
from headrace.models import infer_signature

CHAT = '''
import time
from headrace.models import set_model
from headrace.pyfunc import ChatModel
from headrace.types.llm import ChatCompletionChunk, ChatCompletionResponse


def delta(text, done=None):
    return {"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": done}]}


class Parrot(ChatModel):
    def predict(self, context, messages, params):
        choice = {"index": 0, "message": {"role": "assistant", "content": messages[-1].content}}
        return ChatCompletionResponse.from_dict({"choices": [choice]})

    def predict_stream(self, context, messages, params):
        words = messages[-1].content.split()
        if words[0] == "forever":
            words = words * 500
        for word in words:
            time.sleep(0.02)
            yield ChatCompletionChunk.from_dict(delta(word + " "))
        yield ChatCompletionChunk.from_dict(delta("", "stop"))


set_model(Parrot())
'''
TASTE = '''
from headrace.models import set_model
from headrace.pyfunc import PythonModel


class Taste(PythonModel):
    def predict(self, context, model_input, params=None):
        return (model_input["alcohol"] > params["limit"]).astype("int64").to_numpy()


set_model(Taste())
'''
mlflow.set_experiment("cellar")
rows = pd.DataFrame({"alcohol": [14.2, 12.1, 13.9, 11.8], "ash": [2.4, 1.9, 2.5, 2.0]})
kinds = [0, 1, 0, 1]
for name, ratio in (("sour", 0.5), ("sweet", 0.9)):
    with mlflow.start_run(run_name=name):
        mlflow.log_input(mlflow.data.from_pandas(rows, name="bottles"), context="training")
        mlflow.log_metric("accuracy", ratio)
        model = LogisticRegression().fit(rows, kinds)
        mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name="wine",
            signature=infer_signature(rows, model.predict(rows)),
            input_example=rows.head(1),
            pip_requirements=["scikit-learn"],
        )
open("chat.py", "w").write(CHAT)
open("taste.py", "w").write(TASTE)
with mlflow.start_run(run_name="talk"):
    mlflow.pyfunc.log_model(
        python_model="chat.py", name="chat", registered_model_name="parrot", pip_requirements=["headrace"]
    )
    mlflow.pyfunc.log_model(
        python_model="taste.py",
        name="taste",
        registered_model_name="taste",
        signature=infer_signature(rows, model.predict(rows), {"limit": 13.0}),
        input_example=(rows.head(1), {"limit": 12.5}),
        pip_requirements=["pandas"],
    )
client = mlflow.MlflowClient()
client.copy_model_version("models:/wine/2", "cellar.wine")
client.set_registered_model_tag("wine", "team", "cellar")
client.set_registered_model_alias("wine", "champion", 1)
print(json.dumps({"experiment": client.get_experiment_by_name("cellar").experiment_id}))
`;

const server = servedPage();
let experiment: string;
let serving: Promise<Started>;

beforeAll(async () => {
  ({ experiment } = await server.seed<{ experiment: string }>(SEED));
  serving = started(
    [
      ...["models", "serve", "--port", "0", "--env-manager", "local", "--cors-allowed-origins", server.url],
      ...["-m", "models:/taste/1", "-m", "models:/parrot/1"],
    ],
    { folder: server.folder, variables: { HEADRACE_HOME: server.folder, MLFLOW_TRACKING_URI: server.url } },
  );
  serving.catch(() => undefined); // whoever waits for it is told
});

afterAll(async () => {
  await stopped((await serving.catch(() => undefined))?.process);
});

const dialog = () => page.getByRole("dialog");
const rowOf = (version: number) => page.getByRole("row", { name: `Compare version ${version} ` });

async function policy(gates: object[]): Promise<void> {
  const answer = await fetch(`${server.url}/api/1.0/headrace/registered-models/policy`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: "wine", policy: { gates } }),
  });
  expect(answer.status).toBe(200);
}

test("models are found by name and tag, sorted, made, renamed and deleted", async () => {
  await page.goto(`${server.url}/models`);
  await page.getByRole("link", { name: "@champion → 1" }).waitFor();
  await page.getByLabel("Only models with this tag").fill("team=cellar");
  await page.getByRole("link", { name: "parrot", exact: true }).waitFor({ state: "detached" });
  await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
  await page.getByLabel("Find models by name").fill("nothing is called so");
  await page.getByRole("heading", { name: "No such model" }).waitFor();
  await page.goto(`${server.url}/models`);
  await page.getByRole("link", { name: "Name", exact: true }).click();
  await page.locator("th[aria-sort=ascending]").waitFor();
  await expect
    .poll(() => page.locator("tbody .name a").allTextContents())
    .toEqual(["cellar.wine", "parrot", "taste", "wine"]);
  await page.getByRole("button", { name: "New model" }).click();
  await page.getByLabel("Name", { exact: true }).fill("wine");
  await dialog().getByRole("button", { name: "Create" }).click();
  await dialog().getByRole("alert").getByText("already exists", { exact: false }).waitFor();
  await page.getByLabel("Name", { exact: true }).fill("beer");
  await page.getByLabel("Description (Markdown)").fill(`# Ales\n\n${SCRIPT}\n\n[go](javascript:alert(3))`);
  await dialog().getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: "Ales" }).waitFor();
  await page.getByText("<script>alert(2)</script>", { exact: false }).waitFor();
  await page.getByText('registered_model_name="beer"', { exact: false }).waitFor();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Name", { exact: true }).fill("ale");
  await dialog().getByRole("button", { name: "Rename" }).click();
  await page.getByRole("heading", { name: "ale", exact: true }).waitFor();
  await page.getByText("renamed the model from beer to ale", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect.poll(() => dialog().getByRole("button", { name: "Delete" }).isDisabled()).toBe(true);
  await page.getByLabel("Type the model's name to delete it").fill("ale");
  await dialog().getByRole("button", { name: "Delete" }).click();
  await page.getByText("Model ale was deleted.").waitFor();
  expect(new URL(page.url()).pathname).toBe("/models");
});

test("a gate tells what a version lacks, refuses in its own words, and lets it pass then", async () => {
  await policy([
    { alias: "champion", checks: [{ check: "metric", metric: "accuracy", minimum: 0.8, better: "higher" }] },
    { alias: "live", checks: [{ check: "tag", key: "tasted", value: "yes" }] },
  ]);
  await page.goto(`${server.url}/models/wine`);
  await rowOf(2).getByText("✓ @champion").waitFor();
  await rowOf(1).getByText("✗ @champion").waitFor();
  await rowOf(2).getByText("✗ @live").waitFor();
  await page.getByText("accuracy is at least 0.8, and as good as", { exact: false }).waitFor();
  await rowOf(2).getByRole("button", { name: "Set alias" }).click();
  await page.getByLabel("Alias", { exact: true }).fill("live");
  await dialog().getByText("the version has no such tag", { exact: false }).waitFor();
  await dialog().getByRole("button", { name: "Set" }).click();
  await dialog()
    .getByRole("alert")
    .getByText("can't take alias 'live'; 1 of 1 checks failed", { exact: false })
    .waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await page.getByLabel("Alias", { exact: true }).fill("champion");
  await dialog().getByText("@champion is version 1 now", { exact: false }).waitFor();
  await page.getByLabel("Why, for the history").fill("rounder");
  await dialog().getByRole("button", { name: "Move" }).click();
  await page.getByText("moved @champion from version 1 to 2", { exact: false }).waitFor();
  await page.getByText("rounder").waitFor();
  await rowOf(2).getByText("@champion", { exact: true }).waitFor();
});

test("the history is that of one alias, and says where it was", async () => {
  const before = new Date(Date.now() - 86_400_000).toISOString().slice(0, 16);
  await page.getByLabel("History of").selectOption("champion");
  await page.getByText("made version 1").waitFor({ state: "detached" });
  await page.getByLabel("Aliases at").fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 16));
  await page.getByRole("status").getByRole("link", { name: "version 2" }).waitFor();
  await page.getByLabel("Aliases at").fill(before);
  await page.getByRole("status").getByText("@champion: nothing").waitFor();
  await page.reload();
  await page.getByRole("status").getByText("@champion: nothing").waitFor();
  await page.getByRole("button", { name: "Remove @champion" }).click();
  await dialog().getByRole("button", { name: "Remove" }).click();
  await page.getByText("removed @champion from version 2", { exact: false }).waitFor();
});

test("two versions are compared by their runs", async () => {
  await page.goto(`${server.url}/models/wine`);
  await page.getByLabel("Compare version 2").check();
  await page.getByLabel("Compare version 1").check();
  await page.getByRole("link", { name: "Compare 2 and 1" }).click();
  await page.waitForURL(`**/experiments/${experiment}/compare?runs=*`);
});

test("a version tells what it takes, where it came from, and what its files are", async () => {
  await page.goto(`${server.url}/models/wine/versions/2`);
  await page.getByRole("row", { name: "alcohol double yes" }).waitFor();
  await page.getByRole("cell", { name: "14.2" }).waitFor();
  await page.getByText("No signature is proven: nobody signed it.").waitFor();
  await page.getByRole("region", { name: "Requirements" }).getByText("scikit-learn").waitFor();
  const lineage = page.getByRole("region", { name: "Lineage" });
  await lineage.getByRole("link", { name: "cellar.wine 1" }).waitFor();
  await expect
    .poll(() => lineage.getByRole("listitem").allTextContents())
    .toEqual([
      "dataset bottles → run sweet",
      expect.stringMatching(/^run sweet → model m-/),
      expect.stringMatching(/→ version wine 2$/),
      "version wine 2 → version cellar.wine 1",
    ]);
  await page.getByRole("button", { name: "Add description" }).click();
  await page.getByLabel("Description (Markdown)").fill(`**round** ${SCRIPT}`);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Edit description" }).waitFor();
  await page.getByRole("button", { name: "Add tag" }).click();
  await page.getByLabel("Key", { exact: true }).fill("tasted");
  await page.getByLabel("Value", { exact: true }).fill("yes");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("yes", { exact: true }).last().waitFor();
  await lineage.getByRole("link", { name: "sweet" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/experiments/${experiment}/runs/*`);
  await page.goto(`${server.url}/models/wine/versions/2?tab=files`);
  await page.getByText("MLmodel", { exact: true }).first().waitFor();
});

interface Made {
  experiment_id: string;
  run: { info: { run_id: string } };
}

test("a version that is watched says what was found", async () => {
  const post = async (path: string, body: object) => (await server.post(path, body)) as unknown as Made;
  const { experiment_id } = await post("experiments/create", { name: "monitoring/wine" });
  const tags = Object.entries({ revision: "2", state: "drift" }).map(([key, value]) => ({
    key: `headrace.monitoring.${key}`,
    value,
  }));
  const { run } = await post("runs/create", { experiment_id, tags });
  const metrics = [{ key: "requests", value: 1_200, timestamp: 1 }];
  await post("runs/log-batch", { run_id: run.info.run_id, metrics });
  await page.goto(`${server.url}/models/wine/versions/2`);
  const watched = page.getByRole("region", { name: "Monitoring" });
  await watched.getByText("drift", { exact: true }).waitFor();
  await watched.getByText("1200 requests", { exact: false }).waitFor();
});

test("code to take along has this server's address, and knows chats", async () => {
  await page.goto(`${server.url}/models/wine/versions/2?tab=use`);
  await page.getByText(`mlflow.set_tracking_uri("${server.url}")`, { exact: false }).first().waitFor();
  await page.getByText('columns=["alcohol", "ash"]', { exact: false }).waitFor();
  await page.getByLabel("Serve", { exact: true }).check();
  await page.getByText("headrace models serve -m models:/wine/2", { exact: false }).waitFor();
  await page.goto(`${server.url}/models/parrot/versions/1?tab=use`);
  await page.getByLabel("OpenAI client").check();
  await page.getByText('model="parrot"', { exact: false }).waitFor();
});

test("what keeps a page from a served model is told, with the command that helps", async () => {
  await page.goto(`${server.url}/models/taste/versions/1?tab=try`);
  const { port } = new URL(server.url);
  await page.getByLabel("Address").fill("http://127.0.0.1:1");
  await page.getByText("not reachable").waitFor();
  await page.getByLabel("Address").fill(`http://localhost:${port}/`); // the same server, but another origin
  await page.getByText("there, but closed to this page").waitFor();
  await page.getByText(`--port ${port} --cors-allowed-origins ${server.url}`, { exact: false }).waitFor();
});

test("a served model is asked by its signature", async () => {
  const { url } = await serving;
  await page.getByLabel("Address").fill(url);
  await page.getByText("reachable", { exact: true }).waitFor();
  await page.getByLabel(/^ash/).fill("much");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText("A number is needed.").waitFor();
  await page.getByLabel(/^ash/).fill("2.5");
  await expect.poll(() => page.getByLabel(/^alcohol/).inputValue()).toBe("14.2");
  await page.getByLabel(/^limit/).fill("15");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText("200 OK").waitFor();
  expect((await page.locator(".answer code").textContent())?.replace(/\s/g, "")).toBe('{"predictions":[0]}');
  await page.getByLabel("JSON", { exact: true }).check();
  await page.getByLabel("Request as JSON").fill('{"dataframe_records": [{"alcohol": 14}]}');
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText("400 Bad Request").waitFor();
  await expect.poll(() => page.locator(".answer .refusal").textContent()).toContain("ash");
  expect(await seriousProblems(page)).toEqual([]);
  await page.reload();
  await expect.poll(() => page.getByLabel("Address").inputValue()).toBe(url);
});

test("a chat streams, is stopped, and goes on", async () => {
  await page.goto(`${server.url}/models/parrot/versions/1?tab=try`);
  await page.getByLabel("Address").fill((await serving).url);
  await page.getByText("reachable", { exact: true }).waitFor();
  await page.getByLabel("Message").fill("forever <b>young</b>");
  await page.keyboard.press("Enter");
  await page.getByText("forever <b>young</b> forever", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("stopped", { exact: false }).waitFor();
  await page.getByLabel("Message").fill("and so on");
  await page.keyboard.press("Enter");
  await page.getByText("first words after", { exact: false }).waitFor();
  await expect.poll(() => page.locator(".said.assistant").nth(1).textContent()).toBe("Model: and so on ");
  expect(await seriousProblems(page)).toEqual([]);
  await page.getByRole("button", { name: "New talk" }).click();
  await expect.poll(() => page.locator(".said").count()).toBe(0);
});

test.each(["light", "dark"] as const)(
  "the pages can be read in %s, on narrow screens too",
  async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 390, height: 800 });
    for (const path of ["/models", "/models/wine", "/models/wine/versions/2"]) {
      await page.goto(server.url + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      expect(await seriousProblems(page)).toEqual([]);
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  },
);

test("a version is deleted, and what is lost is said", async () => {
  await page.goto(`${server.url}/models/wine/versions/1`);
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await dialog().getByText("The files stay with the run", { exact: false }).waitFor();
  await dialog().getByRole("button", { name: "Delete" }).click();
  await page.getByText("deleted version 1", { exact: false }).waitFor();
  await expect.poll(() => rowOf(1).count()).toBe(0);
});
