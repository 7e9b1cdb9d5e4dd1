/** How values of runs are written in a cell. */

import type { RunMessage } from "@/api/endpoints";
import { ago, duration } from "@/parts/times";

const DIGITS = 5;

/** Metrics come as numbers, or as text where JSON has no number for them: NaN, Infinity, -Infinity. */
export function metricText(value: number | string | undefined): string {
  if (value === undefined) return "";
  const number = typeof value === "string" ? Number(value) : value;
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "-∞";
  if (Number.isInteger(number) && Math.abs(number) < 1e9) return String(number);
  const size = Math.abs(number);
  return size >= 1e-4 && size < 1e9
    ? String(Number(number.toPrecision(DIGITS)))
    : number.toExponential(DIGITS - 2);
}

export function durationText(run: RunMessage, now: number = Date.now()): string {
  const { start_time: start, end_time: end, status } = run.info;
  if (start === undefined) return "";
  if (end === undefined) return status === "RUNNING" ? duration(Math.max(0, now - start)) : "";
  return duration(end - start);
}

export const startText = (run: RunMessage): string => ago(run.info.start_time);

/** A key in the filter language: quoted where it isn't a plain word. */
export function fieldOf(part: "metrics" | "params" | "tags", key: string): string {
  if (/^[A-Za-z_][\w.]*$/.test(key)) return `${part}.${key}`;
  return key.includes("`") ? `${part}."${key}"` : `${part}.\`${key}\``;
}
