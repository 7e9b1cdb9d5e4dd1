/** How long the page's main thread was held, from a trace. */

const CATEGORIES = ["devtools.timeline", "disabled-by-default-lighthouse", "toplevel", "__metadata"];
const LEAST_MS = 1; // shorter tasks hurt nobody, and there are so many that they would hide the others

/** Tasks of at least a millisecond while `work` goes on. */
export async function tasksOf(browser, page, work) {
  await browser.startTracing(page, { categories: CATEGORIES });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const threads = new Map();
  for (const { name, ph, pid, tid, dur } of traceEvents) {
    if (name !== "RunTask" && name !== "ThreadControllerImpl::RunTask") continue;
    if (ph !== "X") continue;
    const key = `${pid}/${tid}`;
    if (!threads.has(key)) threads.set(key, []);
    threads.get(key).push(dur / 1000);
  }
  const main = traceEvents
    .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
    .map(({ pid, tid }) => threads.get(`${pid}/${tid}`) ?? []);
  const sum = (list) => list.reduce((total, each) => total + each, 0);
  const busiest = main.sort((one, other) => sum(other) - sum(one))[0] ?? [];
  const tasks = busiest.filter((each) => each >= LEAST_MS).sort((one, other) => one - other);
  return { tasks, all: busiest.length };
}

export const share = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
