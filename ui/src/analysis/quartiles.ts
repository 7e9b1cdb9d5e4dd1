/** Boxes of numbers: what they say of a metric for each value of a param. */

import { quantileSorted } from "d3-array";
import { metricText } from "@/runs/values";
import type { Column } from "./columns";

export interface Box {
  name: string;
  count: number;
  /** Quartiles by linear interpolation between the two nearest values, as numpy and R do by default. */
  q1: number;
  median: number;
  q3: number;
  /** The farthest values within 1.5 times the box from it. */
  low: number;
  high: number;
  /** What lies beyond. */
  outliers: number[];
}

const REACH = 1.5;
const MOST_VALUES = 20;
const BINS = 8;
const DIGITS = 12;

export function boxOf(name: string, values: readonly number[]): Box | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const quantile = (share: number) => quantileSorted(sorted, share) ?? Number.NaN;
  if (sorted.length === 0) return undefined;
  const [q1, median, q3] = [quantile(0.25), quantile(0.5), quantile(0.75)];
  const reach = REACH * (q3 - q1);
  const inside = sorted.filter((value) => value >= q1 - reach && value <= q3 + reach);
  return {
    name,
    count: sorted.length,
    q1,
    median,
    q3,
    low: inside[0] ?? q1,
    high: inside.at(-1) ?? q3,
    outliers: sorted.filter((value) => value < q1 - reach || value > q3 + reach),
  };
}

export interface Groups {
  boxes: Box[];
  /** Numbers with many values were put into ranges of about as many runs each. */
  ranges: boolean;
  /** Names that are left out, since there are too many. */
  left: number;
}

/** A box for each value of the param, in the order of numbers or names; "none" for runs without one. */
export function boxesOf(param: Column, metric: readonly (number | null)[]): Groups {
  const known = metric.flatMap((value, at) => (value !== null && Number.isFinite(value) ? [at] : []));
  const ranges = param.kind === "numbers" && new Set(known.map((at) => param.values[at])).size > MOST_VALUES;
  const nameOf = ranges ? rangesOf(known.map((at) => param.values[at] as number | null)) : plain;
  const groups = new Map<string, number[]>();
  for (const at of [...known].sort((a, b) => compared(param.values[a], param.values[b]))) {
    const name = nameOf(param.values[at]);
    groups.set(name, [...(groups.get(name) ?? []), metric[at] as number]);
  }
  const boxes = [...groups].flatMap(([name, values]) => boxOf(name, values) ?? []);
  const most = [...boxes].sort((a, b) => b.count - a.count).slice(0, MOST_VALUES);
  return { boxes: boxes.filter((box) => most.includes(box)), ranges, left: boxes.length - most.length };
}

type Value = number | string | null | undefined;

const plain = (value: Value): string =>
  value === null || value === undefined ? "none" : typeof value === "number" ? metricText(value) : value;

function compared(one: Value, other: Value): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one === "string" && typeof other === "string")
    return one.localeCompare(other, "en", { numeric: true });
  return Number(one === null) - Number(other === null);
}

function rangesOf(values: (number | null)[]): (value: Value) => string {
  const sorted = values
    .filter((value): value is number => value !== null && Number.isFinite(value))
    .sort((a, b) => a - b);
  const edges = [
    ...new Set(Array.from({ length: BINS + 1 }, (_, at) => quantileSorted(sorted, at / BINS) ?? 0)),
  ];
  const names = namesOf(edges);
  return (value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return plain(value);
    const at = edges.findLastIndex((edge) => edge <= value);
    return names[Math.max(0, Math.min(names.length - 1, at))] ?? "";
  };
}

/** As short as they can be told apart. */
function namesOf(edges: readonly number[]): string[] {
  let names: string[] = [];
  for (let digits = 2; digits <= DIGITS && new Set(names).size < edges.length - 1; digits += 1) {
    const texts = edges.map((edge) => metricText(edge, digits));
    names = texts.slice(1).map((text, at) => `${texts[at]} – ${text}`);
  }
  return names;
}
