/**
 * `node main.mjs JOB`: JOB is JSON {system, url, ids, newest, live, livePoints, charts, repeats, scrollPx, soakS, steps}; prints a line of JSON
 * {step, samples} or {step, error} for each of the steps.
 */

import { opened } from "./chrome.mjs";
import * as steps from "./steps.mjs";

const job = JSON.parse(process.argv[2]);

/** Values of the runs that are looked at, as training would log them. */
let written = 0;
async function write() {
  written += 1;
  await Promise.all(
    job.live.map(async (runId) => {
      const metrics = Array.from({ length: 10 }, (_, key) => ({
        key: `m${key}`,
        value: Math.random(),
        timestamp: Date.now(),
        step: job.livePoints + written,
      }));
      await fetch(`${job.url}/api/2.0/mlflow/runs/log-batch`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ run_id: runId, metrics }),
      });
    }),
  );
}

for (const step of job.steps) {
  const browser = await opened();
  try {
    const samples = await steps[step]({ browser, job, write });
    console.log(JSON.stringify({ step, samples }));
  } catch (error) {
    console.log(JSON.stringify({ step, error: String(error).slice(0, 500) }));
  } finally {
    await browser.close();
  }
}
