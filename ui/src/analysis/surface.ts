/** A surface through points that lie anywhere, on a grid: both in the unit square. */

export interface Point {
  x: number;
  y: number;
  z: number;
}

export type Between = "distance" | "nearest";

const TOO_NEAR = 1e-12; // squared: the value of such a point is the surface's

/**
 * Row by row from y = 0, the middle of each cell. distance: mean of all points, weighted by one over the squared
 * distance (Shepard 1968): it goes through every point and never beyond the least and the greatest. nearest: the value
 * of the nearest point. Points of one place count with their mean.
 */
export function surface(points: readonly Point[], size: number, between: Between): Float64Array {
  const known = merged(points);
  const found = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const x = (column + 0.5) / size;
      const y = (row + 0.5) / size;
      found[row * size + column] = between === "nearest" ? nearest(known, x, y) : weighted(known, x, y);
    }
  }
  return found;
}

function merged(points: readonly Point[]): Point[] {
  const places = new Map<string, { point: Point; count: number }>();
  for (const point of points) {
    const key = `${point.x} ${point.y}`;
    const known = places.get(key);
    if (!known) places.set(key, { point: { ...point }, count: 1 });
    else {
      known.count += 1;
      known.point.z += (point.z - known.point.z) / known.count;
    }
  }
  return [...places.values()].map((each) => each.point);
}

function weighted(points: readonly Point[], x: number, y: number): number {
  let weights = 0;
  let sum = 0;
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance < TOO_NEAR) return point.z;
    weights += 1 / distance;
    sum += point.z / distance;
  }
  return weights > 0 ? sum / weights : Number.NaN;
}

function nearest(points: readonly Point[], x: number, y: number): number {
  let best = Number.POSITIVE_INFINITY;
  let value = Number.NaN;
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance >= best) continue;
    best = distance;
    value = point.z;
  }
  return value;
}
