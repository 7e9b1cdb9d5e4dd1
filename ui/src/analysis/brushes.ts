/** Which runs stay when parts of axes are chosen. */

import type { Axis } from "./axes";
import type { Column } from "./columns";
import type { Brush } from "./state";

export type Brushes = Readonly<Record<string, Brush>>;

export const isNames = (brush: Brush): brush is string[] => brush.every((each) => typeof each === "string");

/** A run without a value, or with NaN, lies in no part. */
function lies(column: Column, at: number, brush: Brush): boolean {
  const value = column.values[at];
  if (value === null || value === undefined) return false;
  if (isNames(brush)) return brush.includes(String(value));
  const [low, high] = brush;
  return typeof value === "number" && value >= low && value <= high;
}

/** By run: whether it lies in the chosen part of every axis that has one. */
export function within(axes: readonly Axis[], brushes: Brushes, runs: number): boolean[] {
  const chosen = axes.flatMap(({ column }) => {
    const brush = brushes[column.id];
    return brush ? [{ column, brush }] : [];
  });
  return Array.from({ length: runs }, (_, at) =>
    chosen.every(({ column, brush }) => lies(column, at, brush)),
  );
}

/** What lies between two places of an axis. */
export function brushOf(axis: Axis, from: number, to: number): Brush {
  const [low, high] = from < to ? [from, to] : [to, from];
  if (!axis.names) return [axis.valueAt(low), axis.valueAt(high)];
  return axis.names.filter((_, at) => axis.placeAt(at) >= low && axis.placeAt(at) <= high);
}

/** Where it lies on the axis: parts from 0 to 1. */
export function spans(axis: Axis, brush: Brush): [number, number][] {
  const cut = (place: number) => Math.max(0, Math.min(1, place));
  if (!isNames(brush)) {
    const [low, high] = brush;
    if (axis.names || (axis.log && high <= 0)) return [];
    return [[axis.log && low <= 0 ? 0 : cut(axis.placeAt(low)), cut(axis.placeAt(high))]];
  }
  const half = axis.names && axis.names.length > 1 ? (axis.placeAt(1) - axis.placeAt(0)) / 3 : 0.1;
  return (axis.names ?? []).flatMap((name, at): [number, number][] =>
    brush.includes(name) ? [[cut(axis.placeAt(at) - half), cut(axis.placeAt(at) + half)]] : [],
  );
}

/** The list with an item somewhere else. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const item = items[from];
  if (item === undefined) return [...items];
  const others = items.filter((_, at) => at !== from);
  return [...others.slice(0, to), item, ...others.slice(to)];
}
