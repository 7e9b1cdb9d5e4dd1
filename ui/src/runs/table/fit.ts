/** How wide a column must be for what stands in it. */

import type { Column } from "../columns";
import type { Line } from "../lines";
import { widthWithin } from "../search";

const LOOKED_AT = 500;
const PADDING_PX = 26;
const NAME_PX = 64;
const LEVEL_PX = 18;
const TITLE_PX = 34;

export function fittedWidth(column: Column, lines: Line[], from: number, font: string): number {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return column.width;
  pen.font = font;
  const extra = (line: Line) => (column.id === "name" ? NAME_PX + line.level * LEVEL_PX : PADDING_PX);
  const start = Math.max(0, Math.min(from, lines.length - LOOKED_AT));
  let widest = pen.measureText(column.title).width + TITLE_PX;
  for (const line of lines.slice(start, start + LOOKED_AT)) {
    if (line.kind !== "run") continue;
    const sign = column.id === "status" ? LEVEL_PX : 0;
    widest = Math.max(widest, pen.measureText(column.text(line.run)).width + extra(line) + sign);
  }
  return widthWithin(Math.ceil(widest));
}
