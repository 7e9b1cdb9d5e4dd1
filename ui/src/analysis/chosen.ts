/** Which columns a picture shows where the address doesn't say. */

import { type Column, isCommon, partsOf, spreads, varies } from "./columns";
import type { AnalysisState } from "./state";

export interface Keys {
  metrics: string[];
  params: string[];
}

const PARAMS = 30; // that are looked at for ones that vary
const METRICS = 8;
const AXES = 6;
/** Params that an importance is computed of. */
export const MOST_FEATURES = 200;

/** What people mostly look for comes first; figures of the machine come last. */
export function ranked(metrics: readonly string[]): string[] {
  const rank = (key: string) =>
    (/^system[/.]/.test(key) ? 8 : 0) +
    (/(^|[^a-z])(val|valid|validation|test|eval)/i.test(key) ? 0 : 2) +
    (/acc|loss|auc|f1|rmse|mae|score|error|reward/i.test(key) ? 0 : 1);
  return [...metrics].sort((a, b) => rank(a) - rank(b));
}

const id = (part: string) => (key: string) => `${part}.${key}`;

/** What is fetched: columns that the address names, and those to choose from where it names none. */
export function wantedIds(state: AnalysisState, keys: Keys): string[] {
  const params = keys.params.slice(0, state.tab === "importance" ? MOST_FEATURES : PARAMS);
  const named = [state.x, state.y, state.z, state.size, state.colour, state.metric, state.param];
  const found = [
    ...ranked(keys.metrics).slice(0, METRICS).map(id("metrics")),
    ...params.map(id("params")),
    ...(state.axes ?? []),
    ...named.filter((each) => each !== undefined),
  ];
  return [...new Set(found)].sort();
}

export interface Chosen {
  axes: string[];
  x?: string;
  y?: string;
  z?: string;
  metric?: string;
  param?: string;
  colour?: string;
  /** Columns with a logarithmic scale. */
  logs: string[];
}

/** columns: by id, those that were fetched. */
export function chosenOf(state: AnalysisState, keys: Keys, columns: ReadonlyMap<string, Column>): Chosen {
  const varying = (each: string) => {
    const column = columns.get(each);
    return column !== undefined && varies(column);
  };
  const metrics = ranked(keys.metrics).map(id("metrics"));
  const metric = metrics.find(varying) ?? metrics[0];
  const all = keys.params.map(id("params"));
  const params = all.filter(varying);
  const numbers = params.filter((each) => columns.get(each)?.kind === "numbers");
  const first = numbers[0] ?? params[0] ?? all[0];
  const common = params.filter((each) => isCommon(columns.get(each) as Column));
  const spread = [...columns.values()].filter((column) => !isMetric(column.id) && spreads(column));
  return {
    axes: state.axes ?? [...common.slice(0, AXES), ...(metric ? [metric] : [])],
    logs: state.logs ?? spread.map((column) => column.id),
    x: state.x ?? first ?? metric,
    y: state.y ?? (state.tab === "contour" ? (numbers[1] ?? metrics[1] ?? metric) : metric),
    z: state.z ?? metric,
    metric: state.metric ?? metric,
    param: state.param ?? params.find((each) => columns.get(each)?.kind === "names") ?? first,
    colour:
      state.colour === "none" ? undefined : (state.colour ?? (state.tab === "parallel" ? metric : undefined)),
  };
}

export const isMetric = (each: string): boolean => partsOf(each).part === "metrics";
