import { beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { page, servedPage } from "./page";

/** Files as people and programs leave them, some made to run something. Each script would open a dialog. */
const SEED = `
import json, math, os, pathlib, struct, wave
import headrace as mlflow
import numpy as np, pandas as pd
from PIL import Image

here = pathlib.Path("seeded"); here.mkdir()
def put(name, content):
    (here / name).write_bytes(content if isinstance(content, bytes) else content.encode())
put("train.py", "def rate(step):\\n    return 0.1 / step  # falls\\n")
put("config.json", '{"model": {"name": "ridge", "alpha": 0.1}, "bad": NaN}')
put("conf.yaml", "model:\\n  name: forest\\n")
put("broken.json", '{"model": ')
frame = pd.DataFrame({"year": range(40000), "name": [f'wine {n}, "reserve"' for n in range(40000)]})
frame.to_csv(here / "wines.csv", index=False)
frame.to_parquet(here / "wines.parquet", row_group_size=5000)
frame.head(300).to_parquet(here / "zipped.parquet", compression="zstd")
put("long.txt", "".join(f"line {n}\\n" for n in range(150000)))
put("empty.txt", "")
put("weights.pkl", b"\\x80\\x05" + bytes(range(256)) * 40)
Image.fromarray(np.full((30, 40, 3), 200, "uint8")).save(here / "plot.png")
put("broken.png", b"not a picture")
put("icon.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60" onload="alert(1)"><script>alert(2)</script><rect width="90" height="60" fill="teal"/></svg>')
with wave.open(str(here / "tone.wav"), "wb") as sound:
    sound.setnchannels(1); sound.setsampwidth(2); sound.setframerate(8000)
    sound.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(n / 5))) for n in range(8000)))
put("report.html", """<html><head><style>h1 { color: rgb(1, 2, 3) }</style><script>alert(3)</script></head>
<body onload="alert(4)"><h1>Report</h1><p style="color: rgb(4, 5, 6)" id="styled">Text</p>
<img src=x onerror=alert(5)><a href="javascript:alert(6)">link</a><svg><script>alert(7)</script></svg>
<iframe srcdoc="<script>alert(8)</script>"></iframe><form action="/x"><button>go</button></form></body></html>""")
put("notes.md", "# Notes\\n\\n<script>alert(9)</script><img src=x onerror=alert(10)>\\n\\n[link](javascript:alert(11)) **bold**\\n")
put("paper.pdf", b"%PDF-1.4\\n")
put("explore.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "markdown", "metadata": {}, "source": "# Exploring <img src=x onerror=alert(12)>"},
    {"cell_type": "code", "metadata": {}, "execution_count": 7, "source": "frame.head()", "outputs": [
        {"output_type": "stream", "name": "stdout", "text": ["printed\\n"]},
        {"output_type": "execute_result", "metadata": {}, "execution_count": 7, "data": {"text/html":
            "<table><tr><td>cell</td></tr></table><script>alert(13)</script><img src=x onerror=alert(14)>"}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml":
            "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>alert(15)</script></svg>"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["\\u001b[31mValueError\\u001b[0m: bad"]}]}]}))
put("<img src=x onerror=alert(16)>.txt", "named to run")
import onnx
from onnx import TensorProto, helper
tensor = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4])
nodes = [helper.make_node("Relu", ["x"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
onnx.save(helper.make_model(helper.make_graph(nodes, "net", [tensor("x")], [tensor("y")])), here / "net.onnx")

mlflow.set_experiment("vineyard")
with mlflow.start_run(run_name="left files") as run:
    mlflow.log_artifacts(str(here), "files")
    mlflow.log_text("deep", "a/b/c/deep.txt")
    mlflow.log_table(pd.DataFrame({"question": ["why?"], "answer": ["because"]}), "eval.json")
    signature = mlflow.models.infer_signature(frame[["year"]].head(), [1.0], params={"top": 3})
    mlflow.pyfunc.log_model(name="guess", python_model=lambda model_input: [1.0], signature=signature,
                            pip_requirements=["numpy"], registered_model_name="guesser")
print(json.dumps({"run": run.info.run_id, "experiment": run.info.experiment_id}))
`;

const server = servedPage();
let place: string;

beforeAll(async () => {
  const ids = await server.seed<{ run: string; experiment: string }>(SEED);
  place = `${server.url}/experiments/${ids.experiment}/runs/${ids.run}?tab=artifacts`;
});

/** What becomes true in a while. */
const soon = <T>(ask: () => Promise<T>) => expect.poll(ask, { timeout: 15_000 });
const goTo = (path: string) => page.goto(`${place}&path=${encodeURIComponent(path)}`);
/** A file of the folder of all kinds, in the tree if it is there: quicker than another page. */
async function open(file: string): Promise<void> {
  const row = page.getByRole("tree").getByText(file, { exact: true });
  if ((await row.count()) === 0) await goTo(`files/${file}`);
  else await row.click();
}
const shown = () => page.locator(".artifacts-shown");
const see = (text: string | RegExp) => shown().getByText(text).first().waitFor();

test("the tree is walked by keys, the address says where, and Back goes back", async () => {
  await page.goto(place);
  const tree = page.getByRole("tree", { name: "Files" });
  await tree.getByText("files").waitFor();
  await tree.focus();
  await page.keyboard.press("ArrowDown");
  for (const inside of ["b", "c", "deep.txt"]) {
    await page.keyboard.press("ArrowRight");
    await tree.getByText(inside, { exact: true }).waitFor();
    await page.keyboard.press("ArrowRight");
  }
  await page.keyboard.press("Enter");
  await see("deep");
  expect(page.url()).toContain("deep.txt");
  await tree.getByText("eval.json").click();
  await see("because");
  await page.goBack();
  await shown().getByRole("heading", { name: "deep.txt" }).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
});

test.each<[file: string, seen: string | RegExp]>([
  ["train.py", "# falls"],
  ["config.json", '"ridge"'],
  ["conf.yaml", '"forest"'],
  ["broken.json", /It isn't JSON/],
  ["wines.csv", 'wine 3, "reserve"'],
  ["wines.parquet", 'wine 3, "reserve"'],
  ["zipped.parquet", 'wine 3, "reserve"'],
  ["empty.txt", "The file is empty."],
  ["weights.pkl", /perhaps a Python pickle/],
  ["broken.png", /can't be shown as a picture/],
  ["notes.md", "bold"],
  ["paper.pdf", /A PDF isn't shown here/],
  ["net.onnx", "float32 [batch, 4]"],
  ["<img src=x onerror=alert(16)>.txt", "named to run"],
])("%s is shown as what it is, and nothing in it runs", async (file, seen) => {
  await open(file);
  await see(seen);
});

test("a page is shown with its styles and without what runs", async () => {
  await open("report.html");
  const frame = shown().frameLocator("iframe");
  await frame.getByRole("heading", { name: "Report" }).waitFor();
  const colour = (at: string) => frame.locator(at).evaluate((element) => getComputedStyle(element).color);
  await soon(() => colour("h1")).toBe("rgb(1, 2, 3)");
  await soon(() => colour("#styled")).toBe("rgb(4, 5, 6)");
  await expect
    .poll(() => frame.locator("script, iframe, form, [onerror], [onload], a[href]").count())
    .toBe(0);
  await frame.getByText("link").click();
  await expect.poll(() => shown().locator("iframe").getAttribute("sandbox")).not.toContain("allow-scripts");
});

test("a notebook is shown with its outputs, and nothing in it runs", async () => {
  await open("explore.ipynb");
  await see("printed");
  await see("ValueError: bad");
  await shown().frameLocator("iframe").getByText("cell").waitFor();
  await expect.poll(() => shown().locator(".cell-output img").count()).toBe(1);
});

test.each(["plot.png", "icon.svg"])("%s is a picture that is enlarged", async (file) => {
  await open(file);
  const picture = shown().getByRole("img");
  await soon(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  const before = (await picture.boundingBox())?.width ?? 0;
  await shown().getByRole("button", { name: "Larger" }).click();
  await soon(async () => (await picture.boundingBox())?.width ?? 0).toBeGreaterThan(before * 1.5);
});

test("sound is played from the server", async () => {
  await open("tone.wav");
  await soon(() =>
    shown()
      .locator("audio")
      .evaluate((sound: HTMLAudioElement) => sound.duration),
  ).toBeCloseTo(1, 1);
});

test("a long table is fetched by parts, to its last row", async () => {
  for (const file of ["wines.csv", "wines.parquet"]) {
    await open(file);
    await see('wine 3, "reserve"');
    const rows = shown().getByRole("region", { name: "Rows" });
    await soon(async () => {
      await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      return await shown().getByText('wine 39999, "reserve"').count();
    }).toBe(1);
    await see("40,000 rows, 2 columns");
  }
});

test("of a long text the start comes first, and more when it is asked for", async () => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("long.txt")) asked.push(request.headers().range ?? "all of it");
  });
  await open("long.txt");
  await see(/1\.0 MB of 1\.\d MB shown/);
  expect(asked).toEqual(["bytes=0-999999"]);
  await shown()
    .getByRole("button", { name: /Load \d+ KB more/ })
    .click();
  const lines = shown().getByRole("region", { name: "Text" });
  await soon(async () => {
    await lines.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    return await shown().getByText("line 149999").count();
  }).toBe(1);
});

test("a model says what it takes, gives and needs", async () => {
  await page.goto(place.replace("tab=artifacts", "tab=models"));
  const signature = page.getByRole("region", { name: "Signature" });
  await signature.getByRole("rowheader", { name: "year" }).waitFor();
  await signature.getByRole("rowheader", { name: "top" }).waitFor();
  await page.getByRole("region", { name: "Requirements" }).getByText("numpy").waitFor();
  await page.getByText("python_function").click();
  await page.getByText("loader_module").waitFor();
  expect(await seriousProblems(page)).toEqual([]);
});

test("files and folders are taken along", async () => {
  await goTo("a");
  const [zip] = await Promise.all([
    page.waitForEvent("download"),
    shown().getByRole("link", { name: "Download zip" }).click(),
  ]);
  expect(zip.suggestedFilename()).toMatch(/\.zip$/);
  await goTo("a/b/c/deep.txt");
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    shown().getByRole("link", { name: "Download", exact: true }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("deep.txt");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await shown().getByRole("button", { name: "Copy URI" }).click();
  await page.getByText("Copied: runs:/").waitFor();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^runs:\/\w+\/a\/b\/c\/deep\.txt$/);
});

test("a file that is gone is told where it was", async () => {
  await goTo("files/gone.txt");
  await see("There is no gone.txt here (any more).");
  await page.getByRole("tree").getByText("files").waitFor();
});

test("on a narrow screen the tree and the file take turns", async () => {
  await page.setViewportSize({ width: 390, height: 800 });
  await goTo("files/wines.csv");
  await see('wine 3, "reserve"');
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
  await expect.poll(() => wide()).toBeLessThanOrEqual(390);
  await page.getByRole("button", { name: "← All files" }).click();
  await page.getByRole("tree").getByText("eval.json").click();
  await see("because");
  expect(await seriousProblems(page)).toEqual([]);
  await page.setViewportSize({ width: 1280, height: 800 });
});
