/** Pages that nothing happens on cost nothing: people keep many of them open. */

import { beforeAll, expect, test } from "vitest";
import { page, servedPage } from "./page";

const WATCHED_MS = 1000;
const SETTLE_MS = 1000;
const MOST_S = 0.2; // of WATCHED_MS; a page that renders itself without end takes all of them

const server = servedPage();
let experiment = "";
let run = "";

beforeAll(async () => {
  const made = (await server.post("experiments/create", { name: "resting" })) as unknown as {
    experiment_id: string;
  };
  experiment = made.experiment_id;
  for (let number = 0; number < 5; number += 1) {
    const { run: created } = (await server.post("runs/create", {
      experiment_id: experiment,
      run_name: `run ${number}`,
    })) as unknown as { run: { info: { run_id: string } } };
    run = created.info.run_id;
    await server.post("runs/log-batch", {
      run_id: run,
      metrics: [0, 1, 2, 3].map((step) => ({ key: "loss", value: 1 / (step + 1), timestamp: step, step })),
      params: [{ key: "rate", value: String(number) }],
    });
  }
});

/** Seconds that scripts took while nobody did anything. */
async function scriptSeconds(): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const taken = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((each) => each.name === "ScriptDuration")?.value ?? 0;
  };
  const before = await taken();
  await page.waitForTimeout(WATCHED_MS);
  const after = await taken();
  await session.detach();
  return after - before;
}

test.each(["", "?view=charts", "?view=analysis", "/runs/RUN", "/compare?runs=RUN"])(
  "an experiment's page %s rests",
  async (path) => {
    await page.goto(`${server.url}/experiments/${experiment}${path.replace("RUN", run)}`);
    await page
      .getByText(/^run 4/)
      .first()
      .waitFor();
    await page.waitForTimeout(SETTLE_MS);
    expect(await scriptSeconds()).toBeLessThan(MOST_S);
  },
);
