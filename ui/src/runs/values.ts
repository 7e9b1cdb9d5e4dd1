/** Values of runs, and how they are written in a cell. */

import type { RunDataMessage, RunMessage } from "@/api/endpoints";
import { ago, duration } from "@/parts/times";

export type Part = "metrics" | "params" | "tags";
export type Metric = number | string;

export const PARENT_TAG = "mlflow.parentRunId";

const DIGITS = 5;
/** What MLflow's clients and servers make of an infinity. */
const INFINITE = Number.MAX_VALUE;
/** Longer text isn't put into a cell: it would be laid out in full to be cut off. */
const CELL_CHARS = 200;

interface Index {
  metrics: Map<string, Metric>;
  params: Map<string, string>;
  tags: Map<string, string>;
}

/** Only runs that are shown are looked into, so theirs are made when they are first asked for. */
const indexes = new WeakMap<RunDataMessage, Index>();

function indexOf(data: RunDataMessage): Index {
  let index = indexes.get(data);
  if (!index) {
    index = {
      metrics: new Map(data.metrics?.map((each) => [each.key, each.value])),
      params: new Map(data.params?.map((each) => [each.key ?? "", each.value ?? ""])),
      tags: new Map(data.tags?.map((each) => [each.key ?? "", each.value ?? ""])),
    };
    indexes.set(data, index);
  }
  return index;
}

export const metricOf = (run: RunMessage, key: string): Metric | undefined =>
  run.data && indexOf(run.data).metrics.get(key);

export const textOf = (run: RunMessage, part: "params" | "tags", key: string): string | undefined =>
  run.data && indexOf(run.data)[part].get(key);

/** Straight from the message: asked of every run that is loaded, where an index for each would cost memory. */
export const parentOf = (run: RunMessage): string | undefined =>
  run.data?.tags?.find((tag) => tag.key === PARENT_TAG)?.value;

export const idOf = (run: RunMessage): string => run.info.run_id ?? "";

export const nameOf = (run: RunMessage): string => run.info.run_name || idOf(run);

/** Metrics come as numbers, or as text where JSON has no number for them: NaN, Infinity, -Infinity. */
export function metricText(value: Metric | undefined, digits: number = DIGITS): string {
  if (value === undefined) return "";
  const number = typeof value === "string" ? Number(value) : value;
  if (Number.isNaN(number)) return "NaN";
  if (Math.abs(number) >= INFINITE) return number > 0 ? "∞" : "-∞";
  if (Number.isInteger(number) && Math.abs(number) < 1e9) return String(number);
  const size = Math.abs(number);
  return size >= 1e-4 && size < 1e9
    ? String(Number(number.toPrecision(digits)))
    : number.toExponential(Math.max(0, digits - 2));
}

/** What of a text stands in a cell: one line, cut off where nobody reads on. */
export function cellText(text: string): string {
  const start = text.length > CELL_CHARS ? `${text.slice(0, CELL_CHARS)}…` : text;
  return start.replace(/\s+/g, " ");
}

export const isRunning = (run: RunMessage): boolean =>
  run.info.status === "RUNNING" && run.info.end_time === undefined;

export function durationText(run: RunMessage, now: number = Date.now()): string {
  const { start_time: start, end_time: end, status } = run.info;
  if (start === undefined) return "";
  if (end === undefined) return status === "RUNNING" ? duration(Math.max(0, now - start)) : "";
  return duration(end - start);
}

export const startText = (run: RunMessage): string => ago(run.info.start_time);

/** A key in the filter language: quoted where it isn't a plain word. */
export function fieldOf(part: Part, key: string): string {
  if (/^[A-Za-z_][\w.]*$/.test(key)) return `${part}.${key}`;
  return key.includes("`") ? `${part}."${key}"` : `${part}.\`${key}\``;
}
