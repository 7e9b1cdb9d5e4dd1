import { expect, test } from "vitest";
import { madeSeries, pointsOf } from "./madeSeries";
import { type ChartRun, type Look, pictureOf } from "./picture";
import type { Series } from "./series";
import { summaryOf } from "./summary";

const runOf = (runId: string, more: Partial<ChartRun> = {}): ChartRun => ({
  runId,
  name: `run ${runId}`,
  ...more,
});
const byRun = (...series: Series[]) => new Map(series.map((each) => [each.runId, each]));
const NONE = new Set<string>();
const picture = (runs: ChartRun[], whole: Map<string, Series>, look: Look = {}) =>
  pictureOf(runs, NONE, whole, undefined, look, undefined);

test("a line for each run that has points", () => {
  const { picture: found, notes } = picture(
    [runOf("a"), runOf("b"), runOf("none")],
    byRun(madeSeries(pointsOf(5), 1, "a"), madeSeries(pointsOf(5), 1, "b")),
  );
  expect(found.strokes.map((stroke) => stroke.name)).toEqual(["run a", "run b"]);
  expect(notes).toEqual([]);
});

test("smoothing keeps the raw line behind", () => {
  const { picture: found } = picture(
    [runOf("a")],
    byRun(
      madeSeries(
        pointsOf(50, (x) => x % 2),
        1,
        "a",
      ),
    ),
    { smooth: 0.9 },
  );
  const [stroke] = found.strokes;
  expect(Math.max(...(stroke?.raw?.y ?? []))).toBe(1);
  expect(stroke?.line.y.at(-1)).toBeCloseTo(0.5, 1);
});

test("relative time starts at the run's start, or at its first point where that isn't known", () => {
  const whole = byRun(
    madeSeries(
      pointsOf(3, () => 1, 5000),
      1,
      "a",
    ),
    madeSeries(
      pointsOf(3, () => 1, 9000),
      1,
      "b",
    ),
  );
  const { picture: found } = picture([runOf("a", { startTime: 4000 }), runOf("b")], whole, { x: "relative" });
  expect(found.strokes.map((stroke) => stroke.line.x[0])).toEqual([1000, 0]);
});

test("a zoomed part shows its own points, and goes on over its edges", () => {
  const points = pointsOf(1000, () => 1);
  points[505] = [505, 42];
  const whole = byRun(madeSeries(points, 100, "a"));
  const part = byRun(madeSeries(points.slice(500, 600), 1, "a"));
  const { picture: found } = pictureOf([runOf("a")], NONE, whole, part, {}, [500, 599]);
  const summary = summaryOf(found);
  expect(summary).toMatchObject({ high: 42, low: 1, points: 100, lastX: 599 });
  expect(found.strokes[0]?.line.x[0]).toBe(499);
});

test("a zoom wins, unless a log axis can't show it; the ends stay those of all", () => {
  const whole = byRun(madeSeries(pointsOf(100), 1, "a"));
  const zoomed = (look: Look, zoom: [number, number]) =>
    pictureOf([runOf("a")], NONE, whole, undefined, look, zoom);
  expect(zoomed({}, [3, 4]).picture.x).toMatchObject({ low: 3, high: 4 });
  expect(zoomed({}, [3, 4]).ends).toEqual([0, 99]);
  expect(zoomed({ logX: true }, [-3, 4]).picture.x).toMatchObject({ low: 1, high: 99 });
});

test("what can't be drawn as it was logged is said", () => {
  const odd = madeSeries(
    [
      [0, 1],
      [1, -1],
      [2, Number.NaN],
      [3, Number.POSITIVE_INFINITY],
    ],
    1,
    "a",
  );
  const notes = (look: Look) => picture([runOf("a")], byRun(odd), look).notes.map((note) => note.short);
  expect(notes({})).toEqual(["NaN as gaps", "∞ at the edge"]);
  expect(notes({ logY: true })).toContain("≤ 0 left out");
  expect(notes({ logX: true })).toContain("≤ 0 left out");
  expect(notes({ clip: true })).toContain("clipped");
});

test("groups are their mean and a band; runs without a group stay lines", () => {
  const whole = byRun(
    ...["a", "b", "c"].map((id, i) =>
      madeSeries(
        pointsOf(10, () => i),
        1,
        id,
      ),
    ),
  );
  const runs = [runOf("a", { group: "svm" }), runOf("b", { group: "svm" }), runOf("c")];
  const { picture: found } = picture(runs, whole, { bands: true });
  expect(found.strokes.map((stroke) => stroke.name)).toEqual(["run c", "svm (mean of 2)"]);
  expect(found.bands).toHaveLength(1);
  expect([found.bands[0]?.low[0], found.bands[0]?.high[0]]).toEqual([0, 1]);
  expect(found.strokes[1]?.line.y[0]).toBe(0.5);
});

test("a hidden run leaves the others' colours as they were", () => {
  const whole = byRun(...["a", "b"].map((id) => madeSeries(pointsOf(3), 1, id)));
  const runs = [runOf("a", { group: "svm" }), runOf("b", { group: "tree" })];
  const colours = (hidden: string[]) =>
    pictureOf(runs, new Set(hidden), whole, undefined, { bands: true }, undefined).picture.strokes.map(
      (stroke) => [stroke.id, stroke.colour],
    );
  expect(colours(["a"])).toEqual(colours([]).slice(1));
});

test("the summary tells last, least and greatest of each run", () => {
  const { picture: found } = picture(
    [runOf("a"), runOf("nan")],
    byRun(
      madeSeries(
        [
          [0, 5],
          [1, 9],
          [2, 7],
        ],
        1,
        "a",
      ),
      madeSeries([[0, Number.NaN]], 1, "nan"),
    ),
  );
  expect(summaryOf(found).runs).toEqual([{ id: "a", name: "run a", last: 7, lastX: 2, low: 5, high: 9 }]);
  expect(summaryOf(picture([], new Map()).picture)).toEqual({ runs: [], points: 0 });
});

test("the summary of smoothed lines tells what was logged", () => {
  const { picture: found } = picture(
    [runOf("a")],
    byRun(
      madeSeries(
        [
          [0, 0],
          [1, 100],
          [2, 0],
        ],
        3,
        "a",
      ),
    ),
    { smooth: 0.9 },
  );
  expect(summaryOf(found).runs[0]).toMatchObject({ high: 100, low: 0 });
});
