/** Columns by their ids: what every run has ("status", "start" …), and keys ("metrics.loss", "params.rate", "tags.team"). */

import type { RunMessage } from "@/api/endpoints";
import { exactTime } from "@/parts/times";
import {
  cellText,
  durationText,
  fieldOf,
  idOf,
  metricOf,
  metricText,
  nameOf,
  PARENT_TAG,
  type Part,
  startText,
  textOf,
} from "./values";

export interface Column {
  id: string;
  title: string;
  /** What the title leaves out: what kind of key it is. */
  part: Part | "attributes";
  key: string;
  width: number;
  /** What the order language calls it; undefined where there is no order by it. */
  order?: string;
  numeric?: boolean;
  /** As a cell shows it. */
  text: (run: RunMessage) => string;
  /** In full, for whoever points at the cell, and for files. */
  full: (run: RunMessage) => string;
}

type Fixed = Omit<Column, "part" | "key" | "full"> & { full?: Column["full"] };

const FIXED: Fixed[] = [
  {
    id: "name",
    title: "Run",
    width: 260,
    order: "attributes.run_name",
    text: (run) => cellText(nameOf(run)),
    full: nameOf,
  },
  {
    id: "status",
    title: "Status",
    width: 108,
    order: "attributes.status",
    text: (run) => run.info.status ?? "",
  },
  {
    id: "start",
    title: "Started",
    width: 136,
    order: "attributes.start_time",
    text: startText,
    full: (run) => exactTime(run.info.start_time),
  },
  { id: "duration", title: "Duration", width: 104, text: (run) => durationText(run) },
  {
    id: "end",
    title: "Ended",
    width: 170,
    order: "attributes.end_time",
    text: (run) => exactTime(run.info.end_time),
  },
  {
    id: "user",
    title: "User",
    width: 96,
    order: "attributes.user_id",
    text: (run) => cellText(run.info.user_id ?? ""),
  },
  { id: "id", title: "Run id", width: 150, order: "attributes.run_id", text: idOf },
];
const WIDTH_PX = 128;
const PARTS: Part[] = ["metrics", "params", "tags"];

const fixed = new Map(
  FIXED.map((each): [string, Column] => [
    each.id,
    { ...each, part: "attributes", key: each.id, full: each.full ?? each.text },
  ]),
);
const kept = new Map<string, Column>();

export const NAME = "name";
/** Those that can be chosen beside keys. */
export const ATTRIBUTES = FIXED.map((each) => each.id).filter((id) => id !== NAME);

export const columnId = (part: Part, key: string): string => `${part}.${key}`;

/** The same object for the same id each time, so that what is drawn by it is drawn again only when it must. */
export function columnOf(id: string): Column | undefined {
  const known = fixed.get(id) ?? kept.get(id);
  if (known) return known;
  const part = PARTS.find((each) => id.startsWith(`${each}.`));
  const key = part && id.slice(part.length + 1);
  if (!part || !key) return undefined;
  const made = part === "metrics" ? metricColumn(key) : textColumn(part, key);
  kept.set(id, made);
  return made;
}

function metricColumn(key: string): Column {
  return {
    id: columnId("metrics", key),
    title: key,
    part: "metrics",
    key,
    width: WIDTH_PX,
    order: fieldOf("metrics", key),
    numeric: true,
    text: (run) => metricText(metricOf(run, key)),
    full: (run) => String(metricOf(run, key) ?? ""),
  };
}

function textColumn(part: "params" | "tags", key: string): Column {
  return {
    id: columnId(part, key),
    title: key,
    part,
    key,
    width: WIDTH_PX,
    order: fieldOf(part, key),
    text: (run) => cellText(textOf(run, part, key) ?? ""),
    full: (run) => textOf(run, part, key) ?? "",
  };
}

export const columnsOf = (ids: string[]): Column[] =>
  ids.map(columnOf).filter((each): each is Column => each !== undefined);

/** What has to be fetched to fill these columns, and to know whose child a run is. */
export function projectionOf(ids: string[]): { metrics: string[]; params: string[]; tags: string[] } {
  const keys = (part: Part) =>
    columnsOf(ids)
      .filter((each) => each.part === part)
      .map((each) => each.key)
      .sort();
  return {
    metrics: keys("metrics"),
    params: keys("params"),
    tags: [...new Set([PARENT_TAG, ...keys("tags")])],
  };
}

export type Direction = "ascending" | "descending" | "none";

export function directionOf(order: string, column: Column): Direction {
  if (!column.order || !order.startsWith(`${column.order} `)) return "none";
  return order.endsWith("ASC") ? "ascending" : "descending";
}

/** The next order of a column that is pressed: down, up, none. */
export function nextOrder(now: string, field: string): string {
  if (now === `${field} DESC`) return `${field} ASC`;
  return now === `${field} ASC` ? "" : `${field} DESC`;
}
