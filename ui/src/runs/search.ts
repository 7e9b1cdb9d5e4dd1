/** What the address says about the page of an experiment's runs. What can't be used of it is left out. */

import { columnOf } from "./columns";
import { addressOf, selectedIn } from "./selection";

export const VIEWS = ["table", "charts", "analysis"] as const;
export type View = (typeof VIEWS)[number];

export interface RunsSearch {
  filter?: string;
  /** As the order language has it: "metrics.loss DESC". */
  order?: string;
  deleted?: boolean;
  view?: View;
  /** Ids of columns from left to right. */
  columns?: string[];
  /** Ids of columns that stay at the left. */
  pinned?: string[];
  /** Pixels by id of a column. */
  widths?: Record<string, number>;
  /** One or two keys, as in "params.model". */
  group?: string[];
  /** Ids of the selected runs with commas between; see selection.ts. */
  selected?: string;
  /** Their own validators read them: charts/state.ts, analysis/state.ts. */
  charts?: object;
  analysis?: object;
}

export const MOST_COLUMNS = 500;
export const MOST_GROUPS = 2;
export const NARROWEST_PX = 56;
export const WIDEST_PX = 1_200;

export const widthWithin = (px: number): number =>
  Math.round(Math.min(WIDEST_PX, Math.max(NARROWEST_PX, px)));

const text = (given: unknown): string | undefined =>
  given === undefined || given === null || given === "" ? undefined : String(given);

const object = (given: unknown): object | undefined =>
  typeof given === "object" && given !== null && !Array.isArray(given) ? given : undefined;

function ids(given: unknown, usable: (id: string) => boolean, most: number): string[] | undefined {
  if (!Array.isArray(given)) return undefined;
  const texts = given.filter((each): each is string => typeof each === "string");
  return [...new Set(texts.filter(usable))].slice(0, most);
}

function widths(given: unknown): Record<string, number> | undefined {
  const found = Object.entries(object(given) ?? {})
    .filter((each): each is [string, number] => typeof each[1] === "number" && Number.isFinite(each[1]))
    .map(([id, px]) => [id, widthWithin(px)] as const);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

const isColumn = (id: string): boolean => columnOf(id) !== undefined;
const isGroup = (id: string): boolean => /^(params|tags)\../s.test(id);

export function runsSearch(given: Record<string, unknown>): RunsSearch {
  const group = ids(given.group, isGroup, MOST_GROUPS);
  const pinned = ids(given.pinned, isColumn, MOST_COLUMNS);
  const found: RunsSearch = {
    filter: text(given.filter),
    order: text(given.order),
    deleted: given.deleted === true || undefined,
    view: VIEWS.find((view) => view === given.view && view !== "table"),
    columns: ids(given.columns, isColumn, MOST_COLUMNS),
    pinned: pinned?.length ? pinned : undefined,
    widths: widths(given.widths),
    group: group?.length ? group : undefined,
    selected: addressOf(selectedIn(text(given.selected))),
    charts: object(given.charts),
    analysis: object(given.analysis),
  };
  return Object.fromEntries(Object.entries(found).filter(([, each]) => each !== undefined));
}
