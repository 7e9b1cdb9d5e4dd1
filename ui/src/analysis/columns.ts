/** Columns of runs: numbers where all that there is are numbers, else names. */

import type { RunMessage } from "@/api/endpoints";
import { measured } from "@/api/metrics";

export interface NumberColumn {
  id: string;
  title: string;
  kind: "numbers";
  /** By run; null where the run has no value. NaN and infinities are what they are. */
  values: (number | null)[];
}

export interface NameColumn {
  id: string;
  title: string;
  kind: "names";
  values: (string | null)[];
  /** Each value once, numbers in the order of numbers. */
  names: string[];
}

export type Column = NumberColumn | NameColumn;

export const ATTRIBUTES: Record<string, { title: string; of: (run: RunMessage) => number | null }> = {
  "attributes.duration": {
    title: "Duration (s)",
    of: ({ info }) =>
      info.start_time === undefined || info.end_time === undefined
        ? null
        : (info.end_time - info.start_time) / 1_000,
  },
  "attributes.start_time": {
    title: "Start (hours since the first)",
    of: ({ info }) => info.start_time ?? null,
  },
};

const HOUR_MS = 3_600_000;

/** Parts of an id: "metrics.val/loss" → metrics, val/loss. */
export function partsOf(id: string): { part: string; key: string } {
  const dot = id.indexOf(".");
  return { part: id.slice(0, dot), key: id.slice(dot + 1) };
}

export const titleOf = (id: string): string => ATTRIBUTES[id]?.title ?? partsOf(id).key;

export function columnOf(id: string, runs: readonly RunMessage[]): Column {
  const { part, key } = partsOf(id);
  const title = titleOf(id);
  if (part === "attributes") {
    const values = runs.map((run) => ATTRIBUTES[id]?.of(run) ?? null);
    return { id, title, kind: "numbers", values: id === "attributes.start_time" ? hours(values) : values };
  }
  if (part === "metrics") {
    const values = runs.map((run) => {
      const found = run.data?.metrics?.find((each) => each.key === key);
      return found ? measured(found.value) : null;
    });
    return { id, title, kind: "numbers", values };
  }
  const texts = runs.map((run) => run.data?.params?.find((each) => each.key === key)?.value ?? null);
  return ofTexts(id, title, texts);
}

function hours(values: (number | null)[]): (number | null)[] {
  const first = Math.min(...values.filter((value) => value !== null));
  return values.map((value) => (value === null ? null : (value - first) / HOUR_MS));
}

/** Numbers if every text is one. */
export function ofTexts(id: string, title: string, texts: (string | null)[]): Column {
  const numbers = texts.map((text) => (text === null ? null : numberOf(text)));
  const there = texts.filter((text) => text !== null);
  if (there.length > 0 && !numbers.some((number) => number === undefined))
    return { id, title, kind: "numbers", values: numbers as (number | null)[] };
  const names = [...new Set(there)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return { id, title, kind: "names", values: texts, names };
}

const SPECIAL: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
};

/** As Python writes numbers; undefined for what is none. */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  const [, sign = "", word = ""] = trimmed.match(/^([+-]?)([a-z]+)$/) ?? [];
  const special = SPECIAL[word];
  if (special !== undefined) return sign === "-" ? -special : special;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(trimmed)) return undefined;
  return Number(trimmed);
}

/** More than one value, among runs that have one. */
export function varies(column: Column): boolean {
  const there = new Set<number | string>(column.values.filter((value) => value !== null));
  return there.size > 1;
}

const SPREAD = 100; // from the least to the greatest
const CROWD = 10; // from the middle one to the greatest: on a linear axis half of them share a tenth of it

/** Numbers above zero over several powers of ten, most of them small: learning rates, sizes. */
export function spreads(column: Column): boolean {
  if (column.kind === "names") return false;
  const there = column.values
    .filter((value): value is number => value !== null && Number.isFinite(value))
    .sort((a, b) => a - b);
  const [low = 0, middle = 0, high = 0] = [there[0], there[there.length >> 1], there.at(-1)];
  return low > 0 && high / low > SPREAD && high / middle > CROWD;
}

/** Few runs are without it, so that lines over it have few gaps. */
export const isCommon = (column: Column): boolean =>
  column.values.filter((value) => value === null).length * 5 <= column.values.length;
