/** A series in buckets, one entry each that holds a point, x ascending. What the numbers mean, docs/rest.md says. */

export interface Series {
  runId: string;
  key: string;
  /** Points that lie in the range, before they were put into buckets. */
  total: number;
  x: Float64Array;
  last: Float64Array;
  minimum: Float64Array;
  minimumX: Float64Array;
  maximum: Float64Array;
  maximumX: Float64Array;
  count: Float64Array;
}

export const COLUMNS = ["x", "last", "minimum", "minimumX", "maximum", "maximumX", "count"] as const;
export type Columns = Pick<Series, (typeof COLUMNS)[number]>;

/** Every point is there by itself: nothing is gained by looking closer. */
export function isWhole(series: Series): boolean {
  return series.total === series.x.length;
}

export function columnsOf(n: number): Columns {
  const column = () => new Float64Array(n);
  return {
    x: column(),
    last: column(),
    minimum: column(),
    minimumX: column(),
    maximum: column(),
    maximumX: column(),
    count: column(),
  };
}

export function bytesOf(series: Series): number {
  return COLUMNS.length * 8 * series.x.length;
}

/** The first place whose x isn't less; x is sorted. */
export function placeOf(x: Float64Array, wanted: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((x[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
