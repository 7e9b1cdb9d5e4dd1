/** Where values stand on an axis from 0 to 1, and what can't stand on it. */

import { scaleLinear, scaleLog } from "d3-scale";
import { metricText } from "@/runs/values";
import type { Column } from "./columns";

export type Lost = "missing" | "not finite" | "not above zero";

export interface Tick {
  place: number;
  text: string;
}

export interface Axis {
  column: Column;
  log: boolean;
  /** A logarithm was asked for, and nothing is above zero: the axis is linear. */
  refusedLog: boolean;
  places: (number | null)[];
  lost: (Lost | null)[];
  ticks: Tick[];
  /** The value at a place; of names their index. */
  valueAt: (place: number) => number;
  placeAt: (value: number) => number;
  /** Names by index; undefined on axes of numbers. */
  names?: string[];
}

const TICKS = 6;
const MARGIN = 0.06; // of an axis of names at either end
const MOST_NAMES = 24; // whose ticks can be read

export function axisOf(column: Column, wantsLog = false): Axis {
  return column.kind === "names"
    ? axisOfNames(column, column.names)
    : axisOfNumbers(column, column.values, wantsLog);
}

function axisOfNames(column: Column, names: string[]): Axis {
  const placeAt = (index: number) =>
    names.length < 2 ? 0.5 : MARGIN + (index / (names.length - 1)) * (1 - 2 * MARGIN);
  const index = new Map(names.map((name, at) => [name, at]));
  const places = column.values.map((value) => {
    const at = index.get(String(value));
    return value === null || at === undefined ? null : placeAt(at);
  });
  const every = Math.max(1, Math.ceil(names.length / MOST_NAMES));
  return {
    column,
    log: false,
    refusedLog: false,
    places,
    lost: places.map((place) => (place === null ? "missing" : null)),
    ticks: names.flatMap((text, at) => (at % every === 0 ? [{ place: placeAt(at), text }] : [])),
    valueAt: (place) => Math.round(((place - MARGIN) / (1 - 2 * MARGIN)) * (names.length - 1)),
    placeAt,
    names,
  };
}

function axisOfNumbers(column: Column, values: (number | null)[], wantsLog: boolean): Axis {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const log = wantsLog && finite.some((value) => value > 0);
  const shown = log ? finite.filter((value) => value > 0) : finite;
  const [low, high] = domain(shown, log);
  const scale = (log ? scaleLog() : scaleLinear()).domain([low, high]).range([0, 1]);
  const lost = values.map((value): Lost | null => {
    if (value === null) return "missing";
    if (!Number.isFinite(value)) return "not finite";
    return log && value <= 0 ? "not above zero" : null;
  });
  return {
    column,
    log,
    refusedLog: wantsLog && !log,
    places: values.map((value, at) => (value === null || lost[at] ? null : scale(value))),
    lost,
    ticks: ticksOf(scale.ticks(TICKS), log).map((value) => ({
      place: scale(value),
      text: metricText(value),
    })),
    valueAt: (place) => scale.invert(place),
    placeAt: (value) => scale(value),
  };
}

/** Room for one value alone; never of no width. */
function domain(values: readonly number[], log: boolean): [number, number] {
  if (values.length === 0) return log ? [1, 10] : [0, 1];
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  if (low < high) return [low, high];
  if (log) return [low / 2, high * 2];
  const room = Math.abs(low) / 2 || 0.5;
  return [low - room, high + room];
}

/** Of logarithmic axes those that are powers of ten, if there are some. */
function ticksOf(ticks: number[], log: boolean): number[] {
  if (!log) return ticks;
  const powers = ticks.filter((value) => Math.abs(Math.log10(value) % 1) < 1e-9);
  if (powers.length < 2) return thinned(ticks);
  return thinned(powers);
}

const thinned = (ticks: number[]): number[] =>
  ticks.filter((_, at) => at % Math.ceil(ticks.length / (TICKS + 2)) === 0);

/** Which runs can be drawn on all axes. */
export function drawable(axes: readonly Axis[], runs: number): number[] {
  return Array.from({ length: runs }, (_, at) => at).filter((at) =>
    axes.every((axis) => axis.lost[at] === null),
  );
}

/** What isn't drawn and why, as a sentence; empty where everything is. */
export function lostText(axes: readonly Axis[], runs: number): string {
  const counts: Record<Lost, number> = { missing: 0, "not finite": 0, "not above zero": 0 };
  let lost = 0;
  for (let at = 0; at < runs; at += 1) {
    const why = axes.map((axis) => axis.lost[at]).find((each) => each);
    if (!why) continue;
    counts[why] += 1;
    lost += 1;
  }
  const parts = [
    counts.missing && `${counts.missing} without a value`,
    counts["not finite"] && `${counts["not finite"]} with NaN or an infinity`,
    counts["not above zero"] && `${counts["not above zero"]} with a value that a logarithmic axis can't show`,
  ].filter(Boolean);
  const refused = axes.filter((axis) => axis.refusedLog).map((axis) => axis.column.title);
  return [
    lost > 0 && `${lost} of ${runs} runs aren't drawn: ${parts.join(", ")}.`,
    refused.length > 0 && `Nothing of ${refused.join(", ")} is above zero, so its axis is linear.`,
  ]
    .filter(Boolean)
    .join(" ");
}
