/** Parts that pictures on a canvas share. */

import { metricText } from "@/runs/values";
import type { Axis, Tick } from "./axes";
import { nameColour, type Palette, rampAt } from "./palette";

export type Context = CanvasRenderingContext2D;

export interface Frame {
  width: number;
  height: number;
  palette: Palette;
}

export type Draw = (context: Context, frame: Frame) => void;

export interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const FONT = "12px system-ui, sans-serif";
export const BOLD = "600 12px system-ui, sans-serif";

interface TextLook {
  align?: CanvasTextAlign;
  colour: string;
  font?: string;
  most?: number;
  /** Colour of a rim that keeps it readable above lines. */
  rim?: string;
}

export function text(context: Context, said: string, x: number, y: number, look: TextLook): void {
  context.font = look.font ?? FONT;
  context.textAlign = look.align ?? "left";
  context.textBaseline = "middle";
  const shown = look.most === undefined ? said : cut(context, said, look.most);
  if (look.rim) {
    context.strokeStyle = look.rim;
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeText(shown, x, y);
  }
  context.fillStyle = look.colour;
  context.fillText(shown, x, y);
}

function cut(context: Context, said: string, most: number): string {
  if (context.measureText(said).width <= most) return said;
  let length = said.length;
  while (length > 1 && context.measureText(`${said.slice(0, length)}…`).width > most) length -= 1;
  return `${said.slice(0, length)}…`;
}

export function line(context: Context, colour: string, ...points: [number, number][]): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y); // the first of a path only moves there
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.stroke();
}

const half = (at: number): number => Math.round(at) + 0.5; // lines of one pixel lie on one

/** Two axes with their grid. */
export function plotAxes(context: Context, { palette }: Frame, area: Area, x: Axis, y: Axis): void {
  const width = area.right - area.left;
  const height = area.bottom - area.top;
  for (const tick of apart(x.ticks, width / 60)) {
    const at = half(area.left + tick.place * width);
    line(context, palette.line, [at, area.top], [at, area.bottom]);
    text(context, tick.text, at, area.bottom + 12, { align: "center", colour: palette.soft, most: 90 });
  }
  for (const tick of y.ticks) {
    const at = half(area.bottom - tick.place * height);
    line(context, palette.line, [area.left, at], [area.right, at]);
    text(context, tick.text, area.left - 8, at, {
      align: "right",
      colour: palette.soft,
      most: area.left - 28,
    });
  }
  line(context, palette.strong, [area.left, area.top], [area.left, area.bottom], [area.right, area.bottom]);
  const title = (axis: Axis) => `${axis.column.title}${axis.log ? " (log)" : ""}`;
  text(context, title(x), (area.left + area.right) / 2, area.bottom + 32, {
    align: "center",
    colour: palette.text,
    font: BOLD,
    most: width,
  });
  context.save();
  context.translate(12, (area.top + area.bottom) / 2);
  context.rotate(-Math.PI / 2);
  text(context, title(y), 0, 0, { align: "center", colour: palette.text, font: BOLD, most: height });
  context.restore();
}

/** At most so many ticks, every second or third of them. */
const apart = (ticks: readonly Tick[], most: number): Tick[] =>
  ticks.filter((_, at) => at % Math.max(1, Math.ceil(ticks.length / Math.max(1, most))) === 0);

const RAMP_PX = 140;
const NAMES = 8;

/** What colours mean, from the right edge. */
export function legend(context: Context, { width, palette }: Frame, axis: Axis, top = 14): void {
  if (axis.names) {
    let right = width - 12;
    const names = axis.names.slice(0, NAMES);
    const said = axis.names.length > NAMES ? [...names, `${axis.names.length - NAMES} more`] : names;
    for (const [at, name] of [...said.entries()].reverse()) {
      text(context, name, right, top, { align: "right", colour: palette.soft, most: 110 });
      right -= Math.min(110, context.measureText(name).width) + 6;
      context.fillStyle = at < names.length ? nameColour(at) : palette.surface;
      context.fillRect(right - 9, top - 5, 10, 10);
      right -= 22;
      if (right < width / 3) break;
    }
    return;
  }
  const right = width - 64;
  const left = right - RAMP_PX;
  for (let at = 0; at < RAMP_PX; at += 1) {
    context.fillStyle = rampAt(at / (RAMP_PX - 1), palette.dark);
    context.fillRect(left + at, top - 5, 1.5, 10);
  }
  const look = { colour: palette.soft, most: 58 };
  text(context, short(axis.valueAt(0)), left - 6, top, { ...look, align: "right" });
  text(context, short(axis.valueAt(1)), right + 6, top, look);
  text(context, axis.column.title, left - 70, top, { align: "right", colour: palette.text, most: width / 3 });
}

const short = (value: number): string => metricText(Number(value.toPrecision(3)));
