/** From what was fetched, and how it shall be seen, to what is drawn. */

import { evenly, groupOf } from "./bands";
import { colourOf, coloursOf } from "./colours";
import type { Band, Picture, Stroke } from "./draw";
import { factsOf } from "./facts";
import { withHead } from "./heads";
import { type Line, lastsOf, lineOf, withNeighbours } from "./lines";
import { type Scale, xScale, yScale } from "./scales";
import type { Series } from "./series";
import { averageBefore, smoothed, spacingOf } from "./smooth";
import type { ChartState } from "./state";

export interface ChartRun {
  runId: string;
  name: string;
  /** ms since 1970. */
  startTime?: number;
  group?: string;
}

/** Something that isn't seen as it was logged. */
export interface Note {
  short: string;
  long: string;
}

export interface Shown {
  picture: Picture;
  notes: Note[];
  /** The first and the last x there is, zoomed or not. */
  ends: [number, number];
}

/** What of the state the lines depend on. */
export type Look = Pick<ChartState, "x" | "logX" | "logY" | "smooth" | "clip" | "bands">;

type ByRun = ReadonlyMap<string, Series | null>;

const BAND_PLACES = 400;
const ALONE_MS = 30_000;

/** A range at the beginning, finer than the whole. */
export interface Head {
  range: [number, number];
  series: ByRun;
}

/** Where a log axis shows the beginning widely, it is made of its heads, the finest last. */
export function withHeads(runs: ChartRun[], whole: ByRun, heads: Head[], look: Look): ByRun {
  if (heads.length === 0) return whole;
  const found = new Map(whole);
  for (const run of runs) {
    const all = whole.get(run.runId);
    if (!all) continue;
    const origin = originOf(run, all, look);
    let series = all;
    for (const { range, series: byRun } of heads) {
      const head = byRun.get(run.runId);
      if (head) series = withHead(head, series, range[1] + origin);
    }
    found.set(run.runId, series);
  }
  return found;
}

/** part: the series of the range that is zoomed; without it, the whole is shown there. */
export function pictureOf(
  all: ChartRun[],
  hidden: ReadonlySet<string>,
  whole: ByRun,
  part: ByRun | undefined,
  look: Look,
  zoom: [number, number] | undefined,
): Shown {
  const runs = all.filter((run) => !hidden.has(run.runId));
  const strokes: Stroke[] = [];
  for (const run of runs) {
    const known = whole.get(run.runId) ?? undefined;
    const near = part?.get(run.runId) ?? undefined;
    if (known || near) strokes.push(strokeOf(run, known, near, look, zoom));
  }
  const lines = strokes.flatMap(({ line, raw }) => (raw ? [raw, line] : [line]));
  const ends = xScale(
    runs.flatMap((run) => lineOfRun(run, whole.get(run.runId), look) ?? []),
    look.logX === true,
    look.x === undefined ? 1 : ALONE_MS,
  );
  const x = zoom && !(ends.log && zoom[0] <= 0) ? { ...ends, low: zoom[0], high: zoom[1] } : ends;
  const y = yScale(lines, x, look.logY === true, look.clip === true);
  const { strokes: drawn, bands } = look.bands ? grouped(all, strokes, x) : { strokes, bands: [] };
  return {
    picture: { strokes: drawn, bands, x, y },
    notes: notesOf(lines, look),
    ends: [ends.low, ends.high],
  };
}

function strokeOf(
  run: ChartRun,
  whole: Series | undefined,
  part: Series | undefined,
  look: Look,
  zoom: [number, number] | undefined,
): Stroke {
  const known = whole ?? part;
  const origin = originOf(run, known, look);
  const raw = stretched(lineOfRun(run, part, look), lineOfRun(run, whole, look), zoom);
  const stroke = { id: run.runId, name: run.name, colour: colourOf(run.runId), line: raw };
  const smooth = look.smooth ?? 0;
  if (smooth === 0 || !known) return stroke;
  const lasts = (series: Series) => kept(series, "lasts", `${origin}`, () => lastsOf(series, origin));
  const spacing = spacingOf(known);
  const wholeSmooth =
    whole && kept(whole, "smooth", `${origin} ${smooth}`, () => smoothed(lasts(whole), smooth, spacing));
  const partSmooth =
    part &&
    smoothed(
      lasts(part),
      smooth,
      spacing,
      whole && zoom && averageBefore(lasts(whole), smooth, spacing, zoom[0]),
    );
  return { ...stroke, line: stretched(partSmooth, wholeSmooth, zoom), raw };
}

function lineOfRun(run: ChartRun, series: Series | null | undefined, look: Look): Line | undefined {
  if (!series) return undefined;
  const origin = originOf(run, series, look);
  return kept(series, "line", `${origin}`, () => lineOf(series, origin));
}

/** The last x of all runs, as the axis has it. */
export function lastOf(runs: ChartRun[], whole: ByRun, look: Look): number {
  let last = Number.NEGATIVE_INFINITY;
  for (const run of runs) {
    const series = whole.get(run.runId);
    if (series) last = Math.max(last, (series.x.at(-1) ?? last) - originOf(run, series, look));
  }
  return last;
}

function originOf(run: ChartRun, series: Series | undefined, look: Look): number {
  return look.x === "relative" ? (run.startTime ?? series?.x[0] ?? 0) : 0;
}

function stretched(
  part: Line | undefined,
  whole: Line | undefined,
  zoom: [number, number] | undefined,
): Line {
  if (part && whole && zoom) return withNeighbours(part, whole, zoom[0], zoom[1]);
  return (part ?? whole) as Line;
}

type Made = { by: string; line: Line };

const made = new WeakMap<Series, Map<string, Made>>();

/** What is made of a series stays as long as the series: a redraw makes nothing twice. by: what else it depends on. */
function kept(series: Series, kind: string, by: string, make: () => Line): Line {
  let lines = made.get(series);
  if (!lines) {
    lines = new Map();
    made.set(series, lines);
  }
  let known = lines.get(kind);
  if (known?.by !== by) {
    known = { by, line: make() };
    lines.set(kind, known);
  }
  return known.line;
}

export function groupColours(runs: ChartRun[]): Map<string, string> {
  return coloursOf([...new Set(runs.flatMap((run) => run.group ?? []))]);
}

function grouped(runs: ChartRun[], strokes: Stroke[], x: Scale): { strokes: Stroke[]; bands: Band[] } {
  const groups = new Map<string, Stroke[]>();
  const alone: Stroke[] = [];
  const groupOfRun = new Map(runs.map((run) => [run.runId, run.group]));
  for (const stroke of strokes) {
    const group = groupOfRun.get(stroke.id);
    if (group === undefined) alone.push(stroke);
    else groups.set(group, [...(groups.get(group) ?? []), stroke]);
  }
  const places = evenly(BAND_PLACES, x);
  const bands: Band[] = [];
  const means: Stroke[] = [];
  const colours = groupColours(runs);
  for (const [name, members] of groups) {
    const colour = colours.get(name) ?? "";
    const group = groupOf(
      members.map((stroke) => stroke.line),
      places,
    );
    bands.push({ colour, ...group });
    means.push({
      id: name,
      name: `${name} (mean of ${members.length})`,
      colour,
      line: { x: group.x, y: group.mean },
    });
  }
  return { strokes: [...alone, ...means], bands };
}

const NOTES = {
  below: { short: "≤ 0 left out", long: "Values ≤ 0 have no place on a log axis and are left out." },
  infinite: { short: "∞ at the edge", long: "Triangles at the edge are infinite values." },
  nan: { short: "NaN as gaps", long: "Where a value is NaN, the line has a gap." },
  clip: { short: "clipped", long: "The lowest and the highest 1 % of the values may lie outside." },
};

function notesOf(lines: Line[], look: Look): Note[] {
  const found = new Set<Note>();
  for (const line of lines) {
    const { nan, infinite, notAbove } = factsOf(line);
    if ((look.logY && notAbove) || (look.logX && (line.x[0] ?? 1) <= 0)) found.add(NOTES.below);
    if (nan) found.add(NOTES.nan);
    if (infinite) found.add(NOTES.infinite);
  }
  if (look.clip) found.add(NOTES.clip);
  return [...found];
}
