/** What the address says about the pictures: which is shown, and of which columns. */

export const TABS = ["parallel", "scatter", "contour", "box", "importance"] as const;
export type Tab = (typeof TABS)[number];

/** A range on an axis of numbers, or the values that stay on one of names. */
export type Brush = [low: number, high: number] | string[];

/** Columns are named as filters name them: metrics.loss, params.rate, attributes.duration. */
export interface AnalysisState {
  tab?: Tab;
  /** Those of the page, or all that match its filter; what is sensible where it isn't said. */
  scope?: "shown" | "matching";
  axes?: string[];
  brushes?: Record<string, Brush>;
  /** Columns with a logarithmic scale. */
  logs?: string[];
  colour?: string;
  size?: string;
  x?: string;
  y?: string;
  z?: string;
  metric?: string;
  param?: string;
  between?: "nearest";
}

const text = (given: unknown): string | undefined =>
  typeof given === "string" && given !== "" ? given : undefined;

function texts(given: unknown): string[] | undefined {
  return Array.isArray(given) ? given.filter((each) => typeof each === "string") : undefined;
}

function brush(given: unknown): Brush | undefined {
  if (!Array.isArray(given)) return undefined;
  if (given.every((each) => typeof each === "string")) return given;
  const [low, high] = given;
  const numbers = given.length === 2 && typeof low === "number" && typeof high === "number";
  return numbers && low <= high ? [low, high] : undefined;
}

function brushes(given: unknown): Record<string, Brush> | undefined {
  if (given === null || typeof given !== "object" || Array.isArray(given)) return undefined;
  const found = Object.entries(given)
    .map(([id, each]) => [id, brush(each)] as const)
    .filter((each): each is readonly [string, Brush] => each[1] !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

/** What can be used of something that stood in an address. */
export function analysisState(given: unknown): AnalysisState {
  const fields = (given ?? {}) as Record<string, unknown>;
  const state: AnalysisState = {
    tab: TABS.find((tab) => tab === fields.tab),
    scope: fields.scope === "shown" || fields.scope === "matching" ? fields.scope : undefined,
    axes: texts(fields.axes),
    brushes: brushes(fields.brushes),
    logs: texts(fields.logs),
    colour: text(fields.colour),
    size: text(fields.size),
    x: text(fields.x),
    y: text(fields.y),
    z: text(fields.z),
    metric: text(fields.metric),
    param: text(fields.param),
    between: fields.between === "nearest" ? "nearest" : undefined,
  };
  return Object.fromEntries(Object.entries(state).filter(([, each]) => each !== undefined));
}
