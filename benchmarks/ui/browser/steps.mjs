/** What is measured of our pages and of MLflow's: each step gives samples, the first of each with a server that has just started. */

import { counted, fresh, LIMIT_MS, opening, pause, settled } from "./chrome.mjs";
import { share, tasksOf } from "./tasks.mjs";

const TALL = { width: 1600, height: 2400 }; // ten charts are in sight
const ROW = { selector: '[role="row"] a', pattern: "^run \\d" };
const DRAWN = '.chart[data-state="drawn"]';
const MLFLOW_ROW = { selector: 'a[href*="/runs/"]', pattern: "^run \\d" };

const ours = (job, experiment, search = "") => `${job.url}/experiments/${job.ids[experiment]}${search}`;
const theirs = (job) => `${job.url}/#/experiments/${job.ids.compared}/runs`;
const times = (count) => Array.from({ length: count }, (_, number) => number);

/** Opens a page in fresh contexts, and again in each: cold and warm. */
async function openings(browser, repeats, address, seen) {
  const found = { cold: [], warm: [], bytes: [], scriptBytes: [], responses: [] };
  for (const _ of times(repeats))
    await fresh(browser, async (page) => {
      const counts = await counted(page);
      found.cold.push(await opening(page, address, seen));
      await settled(page);
      for (const [name, count] of Object.entries(counts())) found[name].push(count);
      await page.goto("about:blank");
      found.warm.push(await opening(page, address, seen));
    });
  return found;
}

export const openMany = ({ browser, job }) => openings(browser, job.repeats, ours(job, "many"), ROW);
export const openWide = ({ browser, job }) => openings(browser, job.repeats, ours(job, "wide"), ROW);
export const openCompared = ({ browser, job }) =>
  job.system === "headrace"
    ? openings(browser, job.repeats, ours(job, "compared"), ROW)
    : openings(browser, job.repeats, theirs(job), MLFLOW_ROW);

/** The table under the wheel, for thousands of rows; then by its bar to where nothing has been loaded. */
export async function scroll({ browser, job }) {
  const found = { tasks: [], longest: [], p95: [] };
  for (const _ of times(job.repeats))
    await fresh(browser, async (page, context) => {
      await opening(page, ours(job, "many"), ROW);
      await settled(page);
      const session = await context.newCDPSession(page);
      const box = await page.locator('[role="treegrid"]').boundingBox();
      const { tasks } = await tasksOf(browser, page, async () => {
        await session.send("Input.synthesizeScrollGesture", {
          x: box.x + box.width / 2,
          y: box.y + 300,
          yDistance: -job.scrollPx,
          speed: 8000,
          gestureSourceType: "mouse",
        });
        await session.send("Input.synthesizeScrollGesture", {
          x: box.x + box.width / 2,
          y: box.y + 300,
          yDistance: job.scrollPx / 2,
          speed: 8000,
          gestureSourceType: "mouse",
        });
      });
      found.tasks.push(tasks.length);
      found.longest.push(tasks.at(-1) ?? 0);
      found.p95.push(share(tasks, 0.95));
    });
  return found;
}

/** From Enter to the first rows of the answer. */
export async function filter({ browser, job }) {
  const found = { answer: [] };
  for (const number of times(job.repeats))
    await fresh(browser, async (page) => {
      await opening(page, ours(job, "many"), ROW);
      await settled(page);
      const before = await page.locator(ROW.selector).first().textContent();
      await page.keyboard.press("/");
      await page.keyboard.type(`metrics.m0 < 0.${50 + number} AND params.p0 = 'adam' AND metrics.m1 > 0.9`);
      await page.waitForTimeout(300);
      const answered = page.evaluate(
        ([selector, was]) => clock.changed(selector, was).then((now) => now - clock.pressed),
        [ROW.selector, before],
      );
      await page.keyboard.press("Enter");
      found.answer.push(await answered);
    });
  return found;
}

/** A page of ten charts of a hundred runs, by its tab and by its address; then one of them zoomed. */
export async function charts({ browser, job }) {
  const found = { tab: [], address: [], zoom: [], charts: [], kilobytes: [] };
  for (const _ of times(job.repeats)) {
    await fresh(
      browser,
      async (page) => {
        await opening(page, ours(job, "charts"), ROW);
        await settled(page);
        const counts = await counted(page);
        await page.getByRole("tab", { name: "Charts" }).click();
        const pressed = await page.evaluate(() => clock.pressed);
        await allDrawn(page, job.charts);
        found.tab.push((await page.evaluate(() => clock.drawn)) - pressed);
        found.charts.push(await page.locator(DRAWN).count());
        found.kilobytes.push(counts().bytes / 1000);
        found.zoom.push(await zoomed(page));
      },
      TALL,
    );
    await fresh(
      browser,
      async (page) => {
        await page.goto(ours(job, "charts", "?view=charts"), { waitUntil: "commit" });
        await allDrawn(page, job.charts);
        found.address.push(await page.evaluate(() => clock.drawn));
      },
      TALL,
    );
  }
  return found;
}

async function allDrawn(page, count) {
  await page.waitForFunction(
    ([selector, wanted]) => document.querySelectorAll(selector).length >= wanted,
    [DRAWN, count],
    { polling: 100 },
  );
  await settled(page);
}

/** From letting go of the mouse to the last line drawn of the range. */
async function zoomed(page) {
  const box = await page.locator(".chart canvas").first().boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.3, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.6, y, { steps: 4 });
  await page.waitForTimeout(200);
  await page.mouse.up();
  await settled(page);
  return await page.evaluate(() => clock.drawn - clock.pressed);
}

/** One chart of the newest hundred runs, from its address to the last line drawn. */
export async function chart({ browser, job }) {
  const found = { address: [], kilobytes: [], lines: [] };
  for (const _ of times(job.repeats))
    await fresh(browser, async (page) => {
      const counts = await counted(page);
      if (job.system === "headrace") {
        const state = encodeURIComponent(JSON.stringify({ large: "loss" }));
        await page.goto(ours(job, "compared", `?view=charts&charts=${state}`), { waitUntil: "commit" });
        await allDrawn(page, 1);
        found.address.push(await page.evaluate(() => clock.drawn));
      } else {
        const runs = encodeURIComponent(JSON.stringify(job.newest));
        const rest = `metric="loss"&experiments=["${job.ids.compared}"]&plot_metric_keys=["loss"]`;
        await page.goto(`${job.url}/#/metric?runs=${runs}&${rest}`, { waitUntil: "commit" });
        found.address.push(await linesPainted(page, job.newest.length));
        found.lines.push(await page.locator("path.js-line, .scatterlayer .trace").count());
      }
      found.kilobytes.push(counts().bytes / 1000);
    });
  return found;
}

async function linesPainted(page, count) {
  return await page.evaluate(
    ([wanted]) =>
      new Promise((resolve) => {
        const look = () => {
          const lines = document.querySelectorAll(".scatterlayer .trace path.js-line").length;
          if (lines >= wanted) setTimeout(() => resolve(performance.now()));
          else requestAnimationFrame(look);
        };
        look();
      }),
    [count],
  );
}

/** Two pages with writes going on: what the garbage collector leaves, at several times. */
export async function soak({ browser, job, write }) {
  return await fresh(browser, async (page, context) => {
    await opening(page, ours(job, "live"), ROW);
    const drawing = await context.newPage();
    drawing.setDefaultTimeout(LIMIT_MS);
    await drawing.goto(ours(job, "live", "?view=charts"));
    const sessions = [];
    for (const each of [page, drawing]) {
      const session = await context.newCDPSession(each);
      await session.send("Performance.enable");
      await session.send("HeapProfiler.enable");
      sessions.push(session);
    }
    const found = { seconds: [], heap: [], nodes: [], listeners: [] };
    const began = Date.now();
    const every = (job.soakS * 1000) / 10;
    for (let sample = 0; sample <= 10; sample += 1) {
      while (Date.now() - began < sample * every) {
        await write();
        await pause(500);
      }
      const sums = { heap: 0, nodes: 0, listeners: 0 };
      for (const session of sessions) {
        for (const _ of times(2)) await session.send("HeapProfiler.collectGarbage");
        const { metrics } = await session.send("Performance.getMetrics");
        const of = (name) => metrics.find((each) => each.name === name).value;
        sums.heap += of("JSHeapUsedSize") / 1e6;
        sums.nodes += of("Nodes");
        sums.listeners += of("JSEventListeners");
      }
      found.seconds.push((Date.now() - began) / 1000);
      for (const [name, sum] of Object.entries(sums)) found[name].push(sum);
    }
    return found;
  });
}
