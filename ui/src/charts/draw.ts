/** Lines, bands and marks on a canvas: a pass per line over its numbers, no object per point. */

import type { Line } from "./lines";
import { projection, type Scale, stretch } from "./scales";
import { placeOf } from "./series";

export interface Stroke {
  id: string;
  name: string;
  colour: string;
  line: Line;
  /** The values before they were smoothed. */
  raw?: Line;
}

export interface Band {
  colour: string;
  x: Float64Array;
  low: Float64Array;
  high: Float64Array;
}

export interface Picture {
  strokes: Stroke[];
  bands: Band[];
  x: Scale;
  y: Scale;
}

/** In pixels of the canvas. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
  /** Pixels of the canvas in one of the page. */
  ratio: number;
}

const FEW = 40; // points of a line that are shown as dots as well
const MANY = 20; // lines, from which on each is thinner
const RAW_OPACITY = 0.25;
const BAND_OPACITY = 0.18;

export function drawPicture(context: CanvasRenderingContext2D, picture: Picture, frame: Frame): void {
  clipped(context, frame, () => {
    const width = (picture.strokes.length > MANY ? 1 : 1.5) * frame.ratio;
    for (const band of picture.bands) drawBand(context, band, picture, frame);
    context.globalAlpha = RAW_OPACITY / Math.max(1, picture.strokes.length / MANY);
    for (const { raw, colour } of picture.strokes)
      if (raw) drawLine(context, raw, colour, frame.ratio, picture, frame);
    context.globalAlpha = 1;
    for (const { line, colour } of picture.strokes) drawLine(context, line, colour, width, picture, frame);
  });
}

/** One run before all others. */
export function drawHighlight(
  context: CanvasRenderingContext2D,
  picture: Picture,
  frame: Frame,
  id: string,
  veil: string,
): void {
  clipped(context, frame, () => {
    context.globalAlpha = 0.65;
    context.fillStyle = veil;
    context.fillRect(frame.left, frame.top, frame.width, frame.height);
    context.globalAlpha = 1;
    for (const { line, colour } of picture.strokes.filter((stroke) => stroke.id === id))
      drawLine(context, line, colour, 2.5 * frame.ratio, picture, frame);
  });
}

function clipped(context: CanvasRenderingContext2D, frame: Frame, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.width, frame.height);
  context.clip();
  context.lineJoin = "round";
  draw();
  context.restore();
}

function drawLine(
  context: CanvasRenderingContext2D,
  { x, y }: Line,
  colour: string,
  width: number,
  picture: Picture,
  frame: Frame,
): void {
  const { log: logX } = picture.x;
  const { log: logY } = picture.y;
  const across = stretch(picture.x, frame.width);
  const up = stretch(picture.y, -frame.height);
  const bottom = frame.top + frame.height;
  const start = Math.max(0, placeOf(x, picture.x.low) - 1);
  const end = Math.min(x.length, placeOf(x, picture.x.high) + 2);
  const few = end - start <= FEW && picture.strokes.length <= MANY;
  const radius = Math.max(width * 1.6, 2 * frame.ratio);
  const edge = 5 * frame.ratio;
  let marks: Path2D | undefined;
  const dot = (px: number, py: number) => {
    marks ??= new Path2D();
    marks.moveTo(px + radius, py);
    marks.arc(px, py, radius, 0, 2 * Math.PI);
  };
  const infinite = (px: number, value: number) => {
    marks ??= new Path2D();
    if (value > 0) mark(marks, px, frame.top, edge);
    else mark(marks, px, bottom, -edge);
  };
  context.beginPath();
  let joined = 0; // points of the piece of line that is being drawn
  let lastX = 0;
  let lastY = 0;
  for (let i = start; i < end; i += 1) {
    const value = y[i] as number;
    const place = x[i] as number;
    const px = frame.left + ((logX ? Math.log(place) : place) - across.start) * across.factor;
    const py = bottom + ((logY ? Math.log(value) : value) - up.start) * up.factor;
    if (Number.isFinite(px + py)) {
      if (joined === 0) context.moveTo(px, py);
      else context.lineTo(px, py);
      joined += 1;
      lastX = px;
      lastY = py;
      if (few) dot(px, py);
      continue;
    }
    if (joined === 1 && !few) dot(lastX, lastY);
    joined = 0;
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) infinite(px, value);
  }
  if (joined === 1 && !few) dot(lastX, lastY);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
  if (!marks) return;
  context.fillStyle = colour;
  context.fill(marks);
}

/** A triangle at the edge: the value lies infinitely far beyond. */
function mark(path: Path2D, x: number, edge: number, size: number): void {
  path.moveTo(x, edge);
  path.lineTo(x - size, edge + 1.6 * size);
  path.lineTo(x + size, edge + 1.6 * size);
  path.closePath();
}

function drawBand(
  context: CanvasRenderingContext2D,
  { x, low, high, colour }: Band,
  picture: Picture,
  frame: Frame,
): void {
  const across = projection(picture.x, frame.left, frame.left + frame.width);
  const up = projection(picture.y, frame.top + frame.height, frame.top);
  const bottom = frame.top + frame.height;
  const y = (value: number) => {
    const place = up(value);
    return Number.isNaN(place) ? bottom : place;
  };
  context.beginPath();
  for (let i = 0; i < x.length; i += 1) context.lineTo(across(x[i] as number), y(high[i] as number));
  for (let i = x.length - 1; i >= 0; i -= 1) context.lineTo(across(x[i] as number), y(low[i] as number));
  context.closePath();
  context.globalAlpha = BAND_OPACITY;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
}
