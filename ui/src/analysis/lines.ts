/** Parallel coordinates: where things are on the picture, and how they are drawn. */

import type { Axis } from "./axes";
import { type Brushes, spans } from "./brushes";
import { BOLD, type Context, type Frame, line, text } from "./draw";
import { colourBy } from "./palette";

export const HEIGHT = 480;
const TOP = 52;
const BOTTOM = 40;
export const LEGEND_TOP = HEIGHT - 14;
const SIDE = 64;
export const TITLE_BOTTOM = 40;
const BRUSH_PX = 14;
const REACH_PX = 6;

export interface Layout {
  xs: number[];
  top: number;
  bottom: number;
}

/** Axes at equal distances; one that is dragged is where the pointer has it. */
export function layoutOf(width: number, axes: number, dragged?: { index: number; x: number }): Layout {
  const room = Math.max(0, width - 2 * SIDE);
  const xs = Array.from({ length: axes }, (_, at) =>
    at === dragged?.index ? dragged.x : axes < 2 ? width / 2 : SIDE + (at / (axes - 1)) * room,
  );
  return { xs, top: TOP, bottom: HEIGHT - BOTTOM };
}

export const yOf = ({ top, bottom }: Layout, place: number): number => bottom - place * (bottom - top);
export const placeOf = ({ top, bottom }: Layout, y: number): number =>
  Math.max(0, Math.min(1, (bottom - y) / (bottom - top)));

/** The axis whose place is nearest to x. */
export function nearestAxis(layout: Layout, x: number): { index: number; distance: number } {
  let found = { index: -1, distance: Number.POSITIVE_INFINITY };
  for (const [index, at] of layout.xs.entries()) {
    const distance = Math.abs(at - x);
    if (distance < found.distance) found = { index, distance };
  }
  return found;
}

/** From axis to axis; where a value is missing the line has a gap. */
export function path(context: Context, layout: Layout, axes: readonly Axis[], at: number): void {
  let drawing = false;
  context.beginPath();
  for (const [index, axis] of axes.entries()) {
    const place = axis.places[at];
    const x = layout.xs[index] ?? 0;
    if (place === null || place === undefined) drawing = false;
    else if (drawing) context.lineTo(x, yOf(layout, place));
    else {
      context.moveTo(x, yOf(layout, place));
      drawing = true;
    }
  }
}

/** Runs outside the chosen parts lie faintly below the others. */
export function drawLines(
  context: Context,
  { palette }: Frame,
  layout: Layout,
  axes: readonly Axis[],
  colour: Axis | undefined,
  inside: readonly boolean[],
): void {
  const many = inside.length > 300;
  for (const wanted of [false, true]) {
    context.globalAlpha = wanted ? (many ? 0.45 : 0.75) : 0.5;
    context.lineWidth = wanted ? 1.4 : 1;
    for (const [at, is] of inside.entries()) {
      if (is !== wanted) continue;
      path(context, layout, axes, at);
      context.strokeStyle = wanted ? colourBy(colour, at, palette) : palette.line;
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

export function drawAxes(
  context: Context,
  { palette, width }: Frame,
  layout: Layout,
  axes: readonly Axis[],
): void {
  const room = axes.length < 2 ? width : (width - 2 * SIDE) / (axes.length - 1);
  for (const [index, axis] of axes.entries()) {
    const x = Math.round(layout.xs[index] ?? 0) + 0.5;
    line(context, palette.strong, [x, layout.top], [x, layout.bottom]);
    const most = Math.min(room, 2 * Math.min(x, width - x)) - 8;
    const look = { align: "center" as const, colour: palette.text, font: BOLD, most };
    text(context, axis.column.title, x, 16, look);
    if (axis.log) text(context, "log", x, 32, { align: "center", colour: palette.soft });
    for (const tick of axis.ticks) {
      const y = yOf(layout, tick.place);
      line(context, palette.strong, [x - 3, y], [x, y]);
      text(context, tick.text, x - 6, y, {
        align: "right",
        colour: palette.soft,
        most: Math.max(40, room / 2),
        rim: palette.surface,
      });
    }
  }
}

export function drawBrushes(
  context: Context,
  { palette }: Frame,
  layout: Layout,
  axes: readonly Axis[],
  brushes: Brushes,
): void {
  for (const [index, axis] of axes.entries()) {
    const brush = brushes[axis.column.id];
    if (!brush) continue;
    const x = layout.xs[index] ?? 0;
    for (const [low, high] of spans(axis, brush)) {
      const [top, bottom] = [yOf(layout, high), yOf(layout, low)];
      context.globalAlpha = 0.25;
      context.fillStyle = palette.accent;
      context.fillRect(x - BRUSH_PX / 2, top, BRUSH_PX, bottom - top);
      context.globalAlpha = 1;
      context.strokeStyle = palette.accent;
      context.lineWidth = 1;
      context.strokeRect(x - BRUSH_PX / 2, top, BRUSH_PX, bottom - top);
    }
  }
}

/** The line nearest to a point, of those that may be chosen; undefined beyond a few pixels. */
export function nearestLine(
  layout: Layout,
  axes: readonly Axis[],
  inside: readonly boolean[],
  x: number,
  y: number,
): number | undefined {
  const right = layout.xs.findIndex((at) => at >= x);
  if (right < 1) return undefined;
  const [from, to] = [layout.xs[right - 1] ?? 0, layout.xs[right] ?? 0];
  const share = to > from ? (x - from) / (to - from) : 0;
  let best = REACH_PX;
  let found: number | undefined;
  for (const [at, is] of inside.entries()) {
    const [one, other] = [axes[right - 1]?.places[at], axes[right]?.places[at]];
    if (!is || one === null || one === undefined || other === null || other === undefined) continue;
    const [y1, y2] = [yOf(layout, one), yOf(layout, other)];
    const slope = (y2 - y1) / Math.max(1, to - from);
    const distance = Math.abs(y1 + share * (y2 - y1) - y) / Math.hypot(1, slope);
    if (distance < best) [best, found] = [distance, at];
  }
  return found;
}
