/** Numbers and times as axes, tooltips and tables show them. */

import { duration, exactTime } from "@/parts/times";
import type { XAxis } from "./state";

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });

/** Up to six digits; NaN and infinities by name. */
export function valueText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(3).replace(/\.?0+e/, "e");
  return grouped.format(Number(value.toPrecision(6)));
}

export function xText(axis: XAxis, x: number): string {
  if (axis === "time") return exactTime(x);
  if (axis === "relative") return x < 0 ? `−${duration(-x)}` : duration(x);
  return grouped.format(x);
}

export const X_NAMES: Record<XAxis, string> = { step: "Step", time: "Time", relative: "Relative time" };
