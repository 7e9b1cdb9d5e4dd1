import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "@/api/call";
import { ChartData } from "./ChartData";
import { madeSeries, type Point, pointsOf } from "./madeSeries";
import type { ChartRequest } from "./requests";
import type { Series } from "./series";
import { type View, type ViewRun, viewId } from "./views";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A server of points, cut into buckets as the real one does. */
class Points {
  readonly asked: ChartRequest[] = [];
  readonly points = new Map<string, Point[]>();
  failing: Error | undefined;

  readonly fetch = async (request: ChartRequest): Promise<Series[]> => {
    this.asked.push(request);
    if (this.failing) throw this.failing;
    const found = request.run_ids.flatMap((runId) =>
      request.keys.flatMap((key) => {
        const all = this.points.get(`${runId} ${key}`) ?? [];
        const within = all.filter(
          ([x]) => x >= (request.start ?? -Infinity) && x <= (request.end ?? Infinity),
        );
        const at = request.run_ids.indexOf(runId) * request.keys.length + request.keys.indexOf(key);
        const since = request.since?.[at] ?? -Infinity;
        const late = within.filter(([x]) => x >= since);
        return within.length > 0 ? [{ runId, key, points: late, total: within.length }] : [];
      }),
    );
    if (request.since)
      return found.map(({ runId, key, points, total }) => {
        const span = (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0);
        return { ...madeSeries(points, Math.floor(span / request.buckets) + 1, runId, key), total };
      });
    const firsts = found.map(({ points }) => points[0]?.[0] ?? 0);
    const lasts = found.map(({ points }) => points.at(-1)?.[0] ?? 0);
    const width =
      Math.floor(
        ((request.end ?? Math.max(...lasts)) - (request.start ?? Math.min(...firsts))) / request.buckets,
      ) + 1;
    return found.map(({ runId, key, points, total }) => ({
      ...madeSeries(points, width, runId, key),
      total,
    }));
  };
}

const view = (key: string, more: Partial<View> = {}): View => ({ key, x: "step", buckets: 64, ...more });
const run = (runId: string, startTime?: number): ViewRun => ({ runId, startTime });
const settle = () => vi.advanceTimersByTimeAsync(10);

test("charts that are shown in the same moment share a request, and are fetched once", async () => {
  const server = new Points();
  for (const key of ["a", "b"]) server.points.set(`r ${key}`, pointsOf(10));
  const data = new ChartData(server.fetch);
  const leave = data.use(view("a"), [run("r")]);
  data.use(view("b"), [run("r")]);
  await settle();
  expect(server.asked).toHaveLength(1);
  expect(data.loaded(viewId(view("a"))).series.get("r")?.total).toBe(10);
  leave();
  data.use(view("a"), [run("r")]);
  await settle();
  expect(server.asked).toHaveLength(1);
});

test("a run that is added is fetched alone; one without points is known to have none", async () => {
  const server = new Points();
  server.points.set("r a", pointsOf(10));
  const data = new ChartData(server.fetch);
  data.use(view("a"), [run("r")]);
  await settle();
  data.use(view("a"), [run("r"), run("s")]);
  await settle();
  expect(server.asked.map((request) => request.run_ids)).toEqual([["r"], ["s"]]);
  expect(data.loaded(viewId(view("a"))).series.get("s")).toBeNull();
});

test("a live run costs its end only", async () => {
  const server = new Points();
  server.points.set("r a", pointsOf(1000));
  const data = new ChartData(server.fetch);
  data.use(view("a"), [run("r")]);
  await settle();
  server.points.get("r a")?.push([1000, 7]);
  data.changed(["r", "somebody else's"]);
  await settle();
  const series = data.loaded(viewId(view("a"))).series.get("r");
  expect(series?.total).toBe(1001);
  expect(series?.last.at(-1)).toBe(7);
  expect(server.asked[1]).toMatchObject({ start: undefined, since: [expect.toSatisfy((x) => x > 900)] });
  expect(server.asked).toHaveLength(2);
});

test("what changes while it is asked for is asked for again", async () => {
  const server = new Points();
  server.points.set("r a", pointsOf(10));
  const data = new ChartData(server.fetch);
  data.use(view("a"), [run("r")]);
  vi.advanceTimersByTime(0);
  server.points.get("r a")?.push([10, 10]);
  data.changed(["r"]);
  await settle();
  expect(data.loaded(viewId(view("a"))).series.get("r")?.total).toBe(11);
});

/** Sixty live runs whose buckets hold many points each, some way apart. */
async function herd() {
  const server = new Points();
  const runIds = Array.from({ length: 60 }, (_, i) => `r${i}`);
  for (const [i, runId] of runIds.entries()) server.points.set(`${runId} a`, pointsOf(5000 + 37 * i));
  const data = new ChartData(server.fetch);
  data.use(
    view("a"),
    runIds.map((runId) => run(runId)),
  );
  await settle();
  const go = async (points: number) => {
    for (const runId of runIds) {
      const all = server.points.get(`${runId} a`) as Point[];
      all.push(...pointsOf(points, (x) => x, (all.at(-1)?.[0] ?? 0) + 1));
    }
    server.asked.length = 0;
    data.changed(runIds);
    await settle();
  };
  const total = (runId: string) => data.loaded(viewId(view("a"))).series.get(runId)?.total;
  return { server, go, total };
}

test("runs that log on cost their ends only, all in one request", async () => {
  const { server, go, total } = await herd();
  for (const points of [1, 3, 40, 1, 1, 200, 2]) {
    await go(points);
    expect(server.asked.every((request) => request.since !== undefined)).toBe(true);
    expect(server.asked).toHaveLength(1);
  }
  expect(total("r59")).toBe(5000 + 37 * 59 + 248);
});

test("points that came late are seen, and only their series is fetched anew", async () => {
  const { server, go, total } = await herd();
  await go(3);
  const points = server.points.get("r7 a") as Point[];
  points.splice(1000, 0, [999.5, 77]);
  await go(2);
  expect(server.asked.filter((request) => request.since === undefined).map((each) => each.run_ids)).toEqual([
    ["r7"],
  ]);
  expect(total("r7")).toBe(5000 + 37 * 7 + 6);
});

test("points that came late into a part that is looked at are seen", async () => {
  const server = new Points();
  server.points.set("r a", pointsOf(1000));
  const data = new ChartData(server.fetch);
  const zoomed = view("a", { range: [100, 200] });
  data.use(zoomed, [run("r")]);
  await settle();
  server.points.get("r a")?.push(...pointsOf(50, (x) => x, 1000));
  data.changed(["r"]);
  await settle();
  expect(server.asked.map((request) => request.since !== undefined)).toEqual([false, true]);
  server.points.get("r a")?.splice(150, 0, [149.5, 99]);
  data.changed(["r"]);
  await settle();
  expect(data.loaded(viewId(zoomed)).series.get("r")).toMatchObject({ total: 102 });
});

test("a run that was rewound and is as long again is fetched anew, once it can be", async () => {
  const server = new Points();
  server.points.set("r a", pointsOf(1000));
  const data = new ChartData(server.fetch);
  data.use(view("a"), [run("r")]);
  await settle();
  server.points.set("r a", [...pointsOf(500), ...pointsOf(499, () => 3, 500), [999, 999]]);
  data.changed(["r"]);
  await settle();
  server.failing = new ApiError("gone", 0, "UNREACHABLE");
  data.rewound(["r"]);
  await settle();
  server.failing = undefined;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(
    data
      .loaded(viewId(view("a")))
      .series.get("r")
      ?.last.filter((y) => y === 3).length,
  ).toBeGreaterThan(10);
});

test("a run that was rewound is fetched anew", async () => {
  const server = new Points();
  server.points.set("r a", pointsOf(1000));
  const data = new ChartData(server.fetch);
  data.use(view("a"), [run("r")]);
  await settle();
  server.points.set("r a", pointsOf(500));
  data.changed(["r"]);
  await settle();
  expect(data.loaded(viewId(view("a"))).series.get("r")?.total).toBe(500);
});

test("hours of live points stay within four times the buckets, with every extreme", async () => {
  const server = new Points();
  const points = pointsOf(64, () => 0);
  server.points.set("r a", points);
  const data = new ChartData(server.fetch);
  data.use(view("a"), [run("r")]);
  await settle();
  for (let x = 64; x < 900; x += 1) {
    points.push([x, x === 777 ? 99 : 0]);
    data.changed(["r"]);
    await settle();
    expect(data.loaded(viewId(view("a"))).series.get("r")?.x.length).toBeLessThanOrEqual(4 * 64);
  }
  const series = data.loaded(viewId(view("a"))).series.get("r");
  expect(series?.total).toBe(900);
  expect(Math.max(...(series?.maximum ?? []))).toBe(99);
  expect(server.asked.slice(1).every((request) => (request.since?.[0] ?? 0) > 0)).toBe(true);
});

test("nobody looks: nothing is asked until somebody does", async () => {
  const server = new Points();
  server.points.set("r a", pointsOf(100));
  const data = new ChartData(server.fetch);
  const leave = data.use(view("a"), [run("r")]);
  await settle();
  leave();
  server.points.get("r a")?.push([100, 1]);
  data.changed(["r"]);
  await settle();
  expect(server.asked).toHaveLength(1);
  data.use(view("a"), [run("r")]);
  await settle();
  expect(server.asked).toHaveLength(2);
  expect(server.asked[1]?.since?.[0]).toBeGreaterThan(90);
  expect(data.loaded(viewId(view("a"))).series.get("r")?.total).toBe(101);
});

test("a short series in the request of a long one is asked for once more, alone", async () => {
  const server = new Points();
  server.points.set("r train", pointsOf(10_000));
  server.points.set("r epoch", pointsOf(50));
  const data = new ChartData(server.fetch);
  data.use(view("train"), [run("r")]);
  data.use(view("epoch"), [run("r")]);
  await settle();
  expect(server.asked.map((request) => request.keys)).toEqual([["train", "epoch"], ["epoch"]]);
  expect(data.loaded(viewId(view("epoch"))).series.get("r")?.x).toHaveLength(50);
});

test("a range of relative time is asked for from each run's start", async () => {
  const server = new Points();
  server.points.set(
    "r a",
    pointsOf(100, () => 1, 1000),
  );
  server.points.set(
    "s a",
    pointsOf(100, () => 1, 5000),
  );
  const data = new ChartData(server.fetch);
  data.use(view("a", { x: "relative", range: [10.5, 20] }), [run("r", 1000), run("s", 5000)]);
  await settle();
  expect(server.asked.map(({ x_axis, start, end }) => [x_axis, start, end])).toEqual([
    ["time", 1011, 1020],
    ["time", 5011, 5020],
  ]);
});

test("a server that is gone is asked again until it is back; what it refuses is told, and tried on demand", async () => {
  const server = new Points();
  server.points.set("r a", pointsOf(10));
  server.failing = new ApiError("gone", 0, "UNREACHABLE");
  const data = new ChartData(server.fetch);
  const shown = view("a");
  data.use(shown, [run("r")]);
  await settle();
  expect(data.loaded(viewId(shown)).error).toBeUndefined();
  server.failing = new ApiError("no such thing", 400, "INVALID");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(data.loaded(viewId(shown)).error?.message).toBe("no such thing");
  const before = server.asked.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.asked).toHaveLength(before);
  server.failing = undefined;
  data.retry(shown);
  await settle();
  expect(data.loaded(viewId(shown)).error).toBeUndefined();
  expect(data.loaded(viewId(shown)).series.get("r")?.total).toBe(10);
});

test("charts that were scrolled past are forgotten when they take too much", async () => {
  const series = madeSeries(pointsOf(50_000));
  const data = new ChartData(async ({ keys }) => keys.map((key) => ({ ...series, key })));
  const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);
  for (const key of keys) {
    const leave = data.use(view(key), [run("r")]);
    await settle();
    leave();
  }
  const kept = keys.filter((key) => data.loaded(viewId(view(key))).series.size > 0);
  expect(kept.length).toBeGreaterThan(10);
  expect(kept.length).toBeLessThan(30);
  expect(kept.at(-1)).toBe("k59");
});
