/** Charts that are open while runs log on: what was known may change, too. */

import type { Request } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { page, servedPage } from "./page";

const server = servedPage();
let asked: { run_ids: string[]; since?: number[] }[] = [];

beforeAll(() => {
  page.on("request", (request: Request) => {
    if (request.url().endsWith("/metrics/chart")) asked.push(request.postDataJSON());
  });
});

interface Seeded {
  experiment: string;
  run: string;
}

/** A run of a thousand steps whose highest value, 42, is at step 700. */
const climber = (name: string) =>
  server.seed<Seeded>(`
import json
import headrace
experiment = headrace.set_experiment("${name}").experiment_id
with headrace.start_run(run_name="climber") as run:
    for step in range(1000):
        headrace.log_metric("loss", 42 if step == 700 else step / 1000, step=step)
print(json.dumps({"experiment": experiment, "run": run.info.run_id}))
`);

async function drawn(experiment: string): Promise<void> {
  asked = [];
  await page.goto(`${server.url}/experiments/${experiment}?view=charts`);
  await expect.poll(shown).toEqual({ high: "42", last: "999" });
}

const shown = async () => {
  const figure = page.locator('figure[data-key="loss"][data-state="drawn"]');
  return { high: await figure.getAttribute("data-high"), last: await figure.getAttribute("data-last") };
};

const whole = () => asked.filter((request) => request.since === undefined);

test("a run that goes on from an earlier step is drawn as it is now, also when it is as long again", async () => {
  const { experiment, run } = await climber("rewound");
  await drawn(experiment);
  await server.seed(`
import headrace
with headrace.start_run(run_id="${run}", resume_from_step=500):
    for step in range(501, 1000):
        headrace.log_metric("loss", 3 if step < 999 else step / 1000, step=step)
print("null")
`);
  await expect.poll(shown).toEqual({ high: "3", last: "999" });
});

test("points of earlier steps that come late are drawn, and only their series is fetched again", async () => {
  const { experiment, run } = await climber("late");
  await server.seed(`
import headrace
headrace.set_experiment("late")
with headrace.start_run(run_name="other"):
    headrace.log_metrics({"loss": 0.1}, step=1)
    headrace.log_metrics({"loss": 0.2}, step=2)
print("null")
`);
  await drawn(experiment);
  const log = (step: number, value: number) =>
    server.post("runs/log-batch", { run_id: run, metrics: [{ key: "loss", value, step, timestamp: step }] });
  await log(1000, 1);
  await expect.poll(shown).toEqual({ high: "42", last: "1000" });
  expect(whole()).toHaveLength(1);
  await log(250, 77);
  await expect.poll(shown).toEqual({ high: "77", last: "1000" });
  expect(whole()).toHaveLength(2);
  expect(whole()[1]?.run_ids).toEqual([run]);
});
