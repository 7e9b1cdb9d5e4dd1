/** A chart as a picture of its own: with its title, its background and the names of its lines. */

import type { Picture, Stroke } from "./draw";
import type { XAxis } from "./state";
import { LinePlot } from "./uplot";

const WIDTH = 1200;
const PLOT_HEIGHT = 560;
const TITLE_HEIGHT = 48;
const LEGEND_LINE = 22;
const LEGEND_COLUMN = 290;
const EDGE = 20;
const MOST_NAMES = 60;
const FONT = "13px system-ui, sans-serif";

export async function chartPng(title: string, picture: Picture, axis: XAxis): Promise<Blob> {
  const ratio = window.devicePixelRatio;
  const named = picture.strokes.slice(0, MOST_NAMES);
  const more = picture.strokes.length - named.length;
  const columns = Math.floor((WIDTH - 2 * EDGE) / LEGEND_COLUMN);
  const legend = Math.ceil((named.length + (more > 0 ? 1 : 0)) / columns) * LEGEND_LINE;
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * ratio;
  canvas.height = (TITLE_HEIGHT + PLOT_HEIGHT + legend + EDGE) * ratio;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser can't draw the picture.");
  context.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  context.fillStyle = style.getPropertyValue("--surface");
  context.fillRect(0, 0, WIDTH, canvas.height);
  context.fillStyle = style.getPropertyValue("--text");
  context.font = "600 18px system-ui, sans-serif";
  context.fillText(title, EDGE, 30, WIDTH - 2 * EDGE);
  const plot = await drawn(picture, axis);
  context.drawImage(plot, EDGE / 2, TITLE_HEIGHT, WIDTH - EDGE, PLOT_HEIGHT);
  context.font = FONT;
  named.forEach((stroke, i) => {
    drawName(context, stroke, placeOf(i, columns));
  });
  if (more > 0) {
    const [x, y] = placeOf(named.length, columns);
    context.fillText(`and ${more} more`, x, y);
  }
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))));
  });
}

function placeOf(i: number, columns: number): [number, number] {
  const top = TITLE_HEIGHT + PLOT_HEIGHT + LEGEND_LINE;
  return [EDGE + (i % columns) * LEGEND_COLUMN, top + Math.floor(i / columns) * LEGEND_LINE];
}

function drawName(
  context: CanvasRenderingContext2D,
  { name, colour }: Stroke,
  [x, y]: [number, number],
): void {
  const text = context.fillStyle;
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x + 5, y - 4, 5, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = text;
  context.fillText(shortened(context, name), x + 16, y);
}

function shortened(context: CanvasRenderingContext2D, name: string): string {
  const room = LEGEND_COLUMN - 30;
  let text = name.slice(0, 100);
  if (text === name && context.measureText(text).width <= room) return text;
  while (text.length > 0 && context.measureText(`${text}…`).width > room) text = text.slice(0, -1);
  return `${text}…`;
}

/** Drawn in the size of the picture, not blown up from the page. */
async function drawn(picture: Picture, axis: XAxis): Promise<HTMLCanvasElement> {
  const box = document.createElement("div");
  const nothing = () => undefined;
  const plot = new LinePlot(box, { width: WIDTH - EDGE, height: PLOT_HEIGHT }, picture, axis, undefined, {
    onZoom: nothing,
    onBack: nothing,
    onPoint: nothing,
  });
  await Promise.resolve(); // uPlot draws at the end of the turn
  const { canvas } = plot;
  plot.destroy();
  return canvas;
}
