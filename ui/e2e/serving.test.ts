/** The pages of `headrace models serve`, which are files of the Python package: tried here since a browser is. */

import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { PYTHON, ROOT, said, started, stopped } from "./command";
import { openBrowser, openPage } from "./server";

const KEY = "a-key-of-the-tests";
const MODELS = `
import sys
from pathlib import Path

import pandas as pd

import headrace
from headrace.models import infer_signature

CODE = """
from headrace.models import set_model
from headrace.pyfunc import PythonModel


class Priced(PythonModel):
    def predict(self, context, model_input, params=None):
        out = model_input[["maker"]].copy()
        out["price"] = model_input["power"] * params["factor"]
        return out


set_model(Priced())
"""
folder = Path(sys.argv[1])
(folder / "priced.py").write_text(CODE)
rows = pd.DataFrame({"maker": ["<img src=x onerror=alert(1)>"], "power": [150.0], "serial": [9007199254740993]})
out = pd.DataFrame({"maker": ["a"], "price": [1.0]})
headrace.pyfunc.save_model(
    str(folder / "cars"),
    python_model=str(folder / "priced.py"),
    signature=infer_signature(rows, out, {"factor": 2.0}),
    input_example=(rows, {"factor": 2.0}),
)
headrace.onnxruntime_genai.save_model(sys.argv[2], str(folder / "phi3"), task="llm/v1/chat")
`;

const folder = mkdtempSync(join(tmpdir(), "headrace-serving-"));
let server: ChildProcess | undefined;
let url = "";
let browser: Browser;

beforeAll(async () => {
  const variables = { HEADRACE_HOME: folder, HEADRACE_SERVE_API_KEYS: KEY };
  const place = { folder, variables };
  const phi3 = join(ROOT, "examples", "phi3", "phi3-tiny-int4");
  await said(PYTHON, ["-W", "ignore", "-c", MODELS, folder, phi3], place);
  ({ url, process: server } = await started(
    ["models", "serve", "--port", "0", "-m", "cars", "-m", "phi3"],
    place,
  ));
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await stopped(server);
  rmSync(folder, { recursive: true, force: true });
});

async function opened(path = "/") {
  const { page, errors } = await openPage(browser);
  await page.goto(url + path);
  await page.getByLabel("API key").fill(KEY);
  await page.getByRole("button", { name: "Open" }).click();
  return { page, errors };
}

test("a wrong key is told, the right one opens", async () => {
  const { page, errors } = await openPage(browser);
  await page.goto(url);
  await page.getByLabel("API key").fill("another-key");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText("isn't one of this server's").waitFor();
  await page.getByLabel("API key").fill(KEY);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("tab", { name: "Form" }).waitFor();
  expect(errors).toEqual([]);
  await page.close();
});

test("a form of the signature asks the model, and integers stay exact", async () => {
  const { page, errors } = await opened();
  await page.getByLabel(/^power/).fill("fast");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText("A number is needed.").waitFor();
  await page.getByLabel(/^power/).fill("12.5");
  await page.getByLabel(/^factor/).fill("4");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText("200 OK").waitFor();
  await expect
    .poll(() => page.locator("#table td").allTextContents())
    .toEqual(["<img src=x onerror=alert(1)>", "50"]);
  await expect.poll(() => page.locator("#curl").textContent()).toContain("9007199254740993");
  await expect.poll(() => page.locator("#curl").textContent()).not.toContain(KEY);
  await page.getByRole("tab", { name: "JSON" }).click();
  await page.locator("#body").fill('{"dataframe_records": [{"maker": "a"}]}');
  await page.locator("#send").click();
  await page.getByText("INVALID_PARAMETER_VALUE").waitFor();
  expect(errors).toEqual([]);
  await page.close();
});

test("a chat streams, and goes on", async () => {
  const { page, errors } = await opened();
  await page.getByLabel("Model").selectOption("phi3");
  for (const [at, question] of ["What is the capital of Spain?", "<script>alert(2)</script>"].entries()) {
    await page.getByPlaceholder("Message").fill(question);
    await page.keyboard.press("Enter");
    await page.locator(".said.assistant:not(.waiting)").nth(at).waitFor();
  }
  await expect
    .poll(() => page.locator(".said.assistant").first().textContent())
    .toBe("The capital of Spain is Madrid.");
  await expect.poll(() => page.locator(".said.failed").count()).toBe(0);
  await page.getByText(/tokens in/).waitFor();
  await page.getByRole("button", { name: "New talk" }).click();
  await expect.poll(() => page.locator(".said").count()).toBe(0);
  expect(errors).toEqual([]);
  await page.close();
});

test("the API's page shows what can be asked", async () => {
  const { page, errors } = await opened("/docs");
  await page.getByText("/models/cars/invocations", { exact: true }).waitFor();
  await page.getByText("/v1/chat/completions", { exact: true }).waitFor();
  expect(errors).toEqual([]);
  await page.close();
});

test.each(["light", "dark"] as const)("both pages can be read in %s", async (colorScheme) => {
  for (const path of ["/", "/docs"]) {
    const context = await browser.newContext({ colorScheme, bypassCSP: true });
    const page = await context.newPage();
    await page.goto(url + path);
    await page.getByLabel("API key").fill(KEY);
    await page.getByRole("button", { name: "Open" }).click();
    await page
      .locator(path === "/" ? "#tabs button" : ".operation")
      .first()
      .waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    await context.close();
  }
});
