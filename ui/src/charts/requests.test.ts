import { expect, test } from "vitest";
import { madeSeries, pointsOf } from "./madeSeries";
import { coarsened, jobsFor, type Wanted } from "./requests";

const wanted = (runId: string, key: string, more: Partial<Wanted> = {}): Wanted => ({
  runId,
  key,
  axis: "step",
  buckets: 320,
  ...more,
});

const runs = (count: number) => Array.from({ length: count }, (_, i) => `run${i}`);

test("keys of the same runs share a request", () => {
  const all = ["a", "b", "c"].flatMap((key) => runs(3).map((run) => wanted(run, key)));
  expect(jobsFor(all).map((job) => job.request)).toEqual([
    {
      run_ids: runs(3),
      keys: ["a", "b", "c"],
      x_axis: "step",
      buckets: 320,
      start: undefined,
      end: undefined,
      since: undefined,
    },
  ]);
});

test("what is wanted of other runs, ranges or finenesses goes alone, and nothing is asked that nobody wants", () => {
  const jobs = jobsFor([
    wanted("r", "a"),
    wanted("r", "b", { start: 3 }),
    wanted("s", "c"),
    wanted("r", "d", { buckets: 640 }),
    wanted("r", "e", { axis: "time" }),
  ]);
  expect(jobs.map((job) => job.request.keys)).toEqual([["a"], ["c"], ["b"], ["d"], ["e"]]);
});

test("a hundred runs and ten keys are a few requests below the server's limit, each series once", () => {
  const all = runs(10).flatMap((key) => runs(100).map((run) => wanted(run, key)));
  const jobs = jobsFor(all);
  expect(jobs.length).toBe(10);
  for (const { request } of jobs)
    expect(request.run_ids.length * request.keys.length).toBeLessThanOrEqual(1000);
  expect(jobs.flatMap((job) => job.wanted)).toHaveLength(1000);
});

test("more runs than a request holds are parted", () => {
  const jobs = jobsFor(runs(250).map((run) => wanted(run, "a")));
  expect(jobs.map((job) => job.request.run_ids.length)).toEqual([100, 100, 50]);
});

test("what stands alone shares its range with nobody", () => {
  expect(jobsFor(runs(3).map((run) => wanted(run, "a", { alone: "run" })))).toHaveLength(3);
  expect(jobsFor(["a", "b"].map((key) => wanted("r", key, { alone: "key" })))).toHaveLength(2);
});

test("a short series beside a long one got too few buckets, one that is whole didn't", () => {
  const long = madeSeries(pointsOf(100_000), 1000, "r", "train");
  const short = madeSeries(pointsOf(100), 100, "r", "epoch");
  const single = madeSeries([[5, 1]], 1, "r", "once");
  expect([...coarsened([long, short, single])]).toEqual(["epoch"]);
  expect([...coarsened([short])]).toEqual([]);
  expect([...coarsened([])]).toEqual([]);
});

test("ends of series share a request, each from where its own is known", () => {
  const since = (runId: string, key: string, from: number) => wanted(runId, key, { since: from });
  const all = [
    since("r", "a", 1),
    since("s", "a", 2),
    since("r", "b", 3),
    since("s", "b", 4),
    wanted("t", "a"),
  ];
  const [ends, whole] = jobsFor(all).map((job) => job.request);
  expect(ends).toMatchObject({ run_ids: ["r", "s"], keys: ["a", "b"], since: [1, 3, 2, 4] });
  expect(whole).toMatchObject({ run_ids: ["t"], since: undefined });
});
