/** What the charts show, as it stands in the address of the page: only what differs from the defaults. */

export type XAxis = "step" | "time" | "relative";

export interface ChartState {
  /** step by default; time: wall time; relative: ms since the run's start. */
  x?: XAxis;
  logX?: boolean;
  logY?: boolean;
  /** 0 to 0.99; see smooth.ts. */
  smooth?: number;
  /** The y range leaves out the lowest and the highest hundredth of the values. */
  clip?: boolean;
  /** Runs of a group as their mean and their range. */
  bands?: boolean;
  /** Regular expressions, a section each; what none of them finds is in a section by prefix. */
  sections?: string[];
  /** Sections that are closed, by their titles. */
  closed?: string[];
  /** Text, or a regular expression between slashes. */
  search?: string;
  /** Ranges of x by key, in the numbers of the x axis. */
  zoom?: Record<string, [number, number]>;
  /** Charts beside each other; as many as fit by default. */
  columns?: number;
  /** Runs whose lines are hidden. */
  hidden?: string[];
  /** The key of the chart that is enlarged. */
  large?: string;
}

export const MOST_SMOOTH = 0.99;
export const MOST_COLUMNS = 6;
const AXES: readonly unknown[] = ["step", "time", "relative"];

/** The part of `given` that makes sense; an address is anybody's text. */
export function chartState(given: unknown): ChartState {
  if (!isRecord(given)) return {};
  const state: ChartState = {
    x: AXES.includes(given.x) && given.x !== "step" ? (given.x as XAxis) : undefined,
    logX: given.logX === true || undefined,
    logY: given.logY === true || undefined,
    smooth: within(given.smooth, 0, MOST_SMOOTH) || undefined,
    clip: given.clip === true || undefined,
    bands: given.bands === true || undefined,
    sections: texts(given.sections),
    closed: texts(given.closed),
    search: typeof given.search === "string" && given.search !== "" ? given.search : undefined,
    zoom: ranges(given.zoom),
    columns: within(given.columns, 1, MOST_COLUMNS, Math.round),
    hidden: texts(given.hidden),
    large: typeof given.large === "string" && given.large !== "" ? given.large : undefined,
  };
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined));
}

function isRecord(given: unknown): given is Record<string, unknown> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

function within(
  given: unknown,
  least: number,
  most: number,
  rounded = (number: number) => number,
): number | undefined {
  if (typeof given !== "number" || !Number.isFinite(given)) return undefined;
  return Math.min(most, Math.max(least, rounded(given)));
}

function texts(given: unknown): string[] | undefined {
  if (!Array.isArray(given)) return undefined;
  const found = given.filter((each): each is string => typeof each === "string" && each !== "");
  return found.length > 0 ? found : undefined;
}

function ranges(given: unknown): Record<string, [number, number]> | undefined {
  if (!isRecord(given)) return undefined;
  const found = Object.entries(given).filter(
    (entry): entry is [string, [number, number]] =>
      Array.isArray(entry[1]) &&
      entry[1].length === 2 &&
      entry[1].every((edge) => typeof edge === "number" && Number.isFinite(edge)) &&
      entry[1][0] < entry[1][1],
  );
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}
