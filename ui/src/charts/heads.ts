/** On a log axis of x, the first buckets of even width fill most of the picture: the beginning is fetched once more, finer. */

import { COLUMNS, columnsOf, placeOf, type Series } from "./series";

type Range = [number, number];

const FINER = 48; // times, each time: a range of so many of the former's buckets, cut into a bucket for each pixel

/** The ranges to fetch, the shortest last. last: the last x; while it grows to twice, the ranges stay. */
export function headRanges(last: number): [Range, Range] | undefined {
  if (!(last > FINER)) return undefined;
  const top = 2 ** Math.ceil(Math.log2(last));
  return [
    [0, top / FINER],
    [0, top / FINER ** 2],
  ];
}

const joined = new WeakMap<Series, { head: Series; end: number; series: Series }>();

/** head: the points up to `end`. The same series for the same parts, so that what is made of it stays. */
export function withHead(head: Series, whole: Series, end: number): Series {
  const known = joined.get(whole);
  if (known?.head === head && known.end === end) return known.series;
  const rest = placeOf(whole.x, end + 1);
  const n = head.x.length;
  const columns = columnsOf(n + whole.x.length - rest);
  for (const name of COLUMNS) {
    columns[name].set(head[name]);
    columns[name].set(whole[name].subarray(rest), n);
  }
  // Of the bucket over the end, the extremes that the head has stand there; its last point is behind the end.
  if (n < columns.x.length) {
    const x = columns.x[n] as number;
    const last = columns.last[n] as number;
    if ((columns.minimumX[n] as number) <= end) [columns.minimumX[n], columns.minimum[n]] = [x, last];
    if ((columns.maximumX[n] as number) <= end) [columns.maximumX[n], columns.maximum[n]] = [x, last];
  }
  const series = { ...columns, runId: whole.runId, key: whole.key, total: whole.total };
  joined.set(whole, { head, end, series });
  return series;
}
