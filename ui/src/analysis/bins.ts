/** Features as a forest reads them: small whole numbers in the order of the values, so that a split is a sum over bins. */

import { quantileSorted } from "d3-array";

const MOST_BINS = 64;

/** What a feature is told as: one column of numbers, or a column for each frequent name. Missing values are null. */
export interface Feature {
  name: string;
  columns: (number | null)[][];
}

export interface Binned {
  bins: Uint8Array;
  count: number;
}

/** Bin 0 holds what is missing, the others values in their order, each alone while there are few. */
export function binned(values: readonly (number | null)[]): Binned {
  const sorted = values
    .filter((value): value is number => value !== null && !Number.isNaN(value))
    .sort((a, b) => a - b);
  const distinct = [...new Set(sorted)];
  const edges =
    distinct.length <= MOST_BINS
      ? distinct
      : [
          ...new Set(
            Array.from({ length: MOST_BINS }, (_, at) => quantileSorted(sorted, at / MOST_BINS) ?? 0),
          ),
        ];
  const bins = Uint8Array.from(values, (value) =>
    value === null || Number.isNaN(value) ? 0 : 1 + lastAtMost(edges, value),
  );
  return { bins, count: edges.length + 1 };
}

function lastAtMost(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((edges[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
