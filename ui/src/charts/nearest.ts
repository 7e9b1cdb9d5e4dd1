import type { Picture } from "./draw";
import { projection } from "./scales";
import { placeOf } from "./series";

export interface Near {
  id: string;
  name: string;
  colour: string;
  x: number;
  y: number;
  /** Pixels from the mouse, up or down. */
  distance: number;
}

const NEAR_PIXELS = 2; // across; of the points there, the one at the mouse's height counts

/** A point of each line near the mouse, the nearest first. Places in pixels of the plot. */
export function nearestOf(
  picture: Picture,
  at: { left: number; top: number },
  size: { width: number; height: number },
): Near[] {
  const across = projection(picture.x, 0, size.width);
  const up = projection(picture.y, size.height, 0);
  const found: Near[] = [];
  for (const { id, name, colour, line } of picture.strokes) {
    const i = bestPoint(line.x, line.y, at, across, up, picture.x.low, picture.x.high);
    if (i === undefined) continue;
    const y = line.y[i] as number;
    found.push({ id, name, colour, x: line.x[i] as number, y, distance: Math.abs(up(y) - at.top) });
  }
  return found.sort((a, b) => a.distance - b.distance);
}

function bestPoint(
  x: Float64Array,
  y: Float64Array,
  at: { left: number; top: number },
  across: (x: number) => number,
  up: (y: number) => number,
  low: number,
  high: number,
): number | undefined {
  const from = placeOf(x, low);
  let least = from;
  let most = x.length;
  while (least < most) {
    const middle = (least + most) >>> 1;
    if (across(x[middle] as number) < at.left) least = middle + 1;
    else most = middle;
  }
  let best: number | undefined;
  let bestAcross = Number.POSITIVE_INFINITY;
  let bestUp = Number.POSITIVE_INFINITY;
  const look = (i: number): boolean => {
    const away = Math.abs(across(x[i] as number) - at.left);
    const height = Math.abs(up(y[i] as number) - at.top);
    if (Number.isFinite(height) && (x[i] as number) <= high) {
      const here = Math.max(NEAR_PIXELS, away);
      if (here < bestAcross || (here === bestAcross && height < bestUp)) {
        best = i;
        bestAcross = here;
        bestUp = height;
      }
    }
    return best === undefined || away <= Math.max(NEAR_PIXELS, bestAcross);
  };
  for (let i = least; i < x.length && look(i); i += 1);
  for (let i = least - 1; i >= from && look(i); i -= 1);
  return best;
}
