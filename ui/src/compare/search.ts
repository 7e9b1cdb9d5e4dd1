/** What the address of a comparison says. */

import type { Better } from "./differences";

export const SECTIONS = [
  "attributes",
  "params",
  "metrics",
  "tags",
  "datasets",
  "environment",
  "code",
] as const;
export type Section = (typeof SECTIONS)[number];
export const VIEWS = ["charts", "analysis", "artifacts", "images"] as const;
export type View = (typeof VIEWS)[number];
/** Which value of a metric is shown: the last where nothing is said. */
export type Extreme = "min" | "max";

export interface CompareSearch {
  /** Ids with commas between. */
  runs: string;
  view?: View;
  baseline?: string;
  different?: boolean;
  q?: string;
  value?: Extreme;
  better?: Record<string, Better>;
  /** Sections that are closed; what is sensible where it isn't said. */
  closed?: Section[];
  /** Their own validators read them: charts/state.ts, analysis/state.ts. */
  charts?: object;
  analysis?: object;
  path?: string;
  /** A series of images, and the place of its slider. */
  series?: string;
  step?: number;
}

const one = <T extends string>(given: unknown, choices: readonly T[]): T | undefined =>
  choices.find((choice) => choice === given);

const text = (given: unknown): string | undefined =>
  given === undefined || given === null || given === "" ? undefined : String(given);

const object = (given: unknown): object | undefined =>
  typeof given === "object" && given !== null && !Array.isArray(given) ? given : undefined;

function betterOf(given: unknown): Record<string, Better> | undefined {
  if (given === null || typeof given !== "object") return undefined;
  const found = Object.entries(given)
    .map(([key, way]) => [key, one(way, ["higher", "lower"] as const)] as const)
    .filter((each): each is readonly [string, Better] => each[1] !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

export function compareSearch(given: Record<string, unknown>): CompareSearch {
  const { closed: shut } = given;
  const closed = Array.isArray(shut) ? SECTIONS.filter((each) => shut.includes(each)) : undefined;
  return {
    runs: text(given.runs) ?? "",
    view: one(given.view, VIEWS),
    baseline: text(given.baseline),
    different: given.different === true || undefined,
    q: text(given.q),
    value: one(given.value, ["min", "max"] as const),
    better: betterOf(given.better),
    closed,
    charts: object(given.charts),
    analysis: object(given.analysis),
    path: text(given.path),
    series: text(given.series),
    step: typeof given.step === "number" && Number.isFinite(given.step) ? given.step : undefined,
  };
}

/** The ids of the address, each once, in its order. */
export const runIdsOf = (search: CompareSearch): string[] => [
  ...new Set(
    search.runs
      .split(",")
      .map((id) => id.trim())
      .filter(Boolean),
  ),
];
