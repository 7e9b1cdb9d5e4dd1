/** A regression tree over binned columns: each split takes the greatest part of the squared error away. */

import type { Binned } from "./bins";
import { type Random, shuffled } from "./random";

const LEAST_IN_LEAF = 2;
const DEEPEST = 14;

/** Nodes by number; a leaf has column -1 and a value. */
export interface Tree {
  column: number[];
  /** The last bin that goes left. */
  split: number[];
  left: number[];
  right: number[];
  value: number[];
}

export interface Growing {
  columns: readonly Binned[];
  target: Float64Array;
  /** Columns that are looked at for each split. */
  tried: number;
  random: Random;
}

/** rows: numbers of the runs it learns from, with repeats; they are put into another order. */
export function grown(given: Growing, rows: Int32Array): Tree {
  const tree: Tree = { column: [], split: [], left: [], right: [], value: [] };
  const order = Int32Array.from(given.columns, (_, at) => at);
  const add = (start: number, end: number, depth: number): number => {
    const node = tree.column.length;
    const part = rows.subarray(start, end);
    tree.column.push(-1);
    tree.split.push(0);
    tree.left.push(0);
    tree.right.push(0);
    tree.value.push(meanOf(given.target, part));
    if (part.length < 2 * LEAST_IN_LEAF || depth >= DEEPEST) return node;
    const best = bestSplit(given, part, shuffled(order, given.random));
    if (!best) return node;
    const middle = start + parted(part, given.columns[best.column]?.bins, best.split);
    tree.column[node] = best.column;
    tree.split[node] = best.split;
    tree.left[node] = add(start, middle, depth + 1);
    tree.right[node] = add(middle, end, depth + 1);
    return node;
  };
  add(0, rows.length, 0);
  return tree;
}

const meanOf = (target: Float64Array, rows: Int32Array): number =>
  rows.reduce((sum, row) => sum + (target[row] ?? 0), 0) / Math.max(1, rows.length);

interface Split {
  column: number;
  split: number;
  gain: number;
}

const sums = new Float64Array(256);
const counts = new Int32Array(256);

function bestSplit(
  { columns, target, tried }: Growing,
  rows: Int32Array,
  order: Int32Array,
): Split | undefined {
  let best: Split | undefined;
  let looked = 0;
  for (const at of order) {
    const column = columns[at];
    if (!column) continue;
    const found = splitOf(column, target, rows);
    // Columns that don't vary here aren't counted, or small nodes would look at nothing.
    if (found === "constant") continue;
    looked += 1;
    if (found && found.gain > (best?.gain ?? 0)) best = { column: at, ...found };
    if (looked >= tried) break;
  }
  return best;
}

function splitOf({ bins, count }: Binned, target: Float64Array, rows: Int32Array) {
  sums.fill(0, 0, count);
  counts.fill(0, 0, count);
  let total = 0;
  for (const row of rows) {
    const bin = bins[row] ?? 0;
    const value = target[row] ?? 0;
    sums[bin] = (sums[bin] ?? 0) + value;
    counts[bin] = (counts[bin] ?? 0) + 1;
    total += value;
  }
  const n = rows.length;
  const before = (total * total) / n;
  let best: { split: number; gain: number } | undefined;
  let left = 0;
  let leftSum = 0;
  let kinds = 0;
  for (let bin = 0; bin < count; bin += 1) {
    if (counts[bin] === 0) continue;
    kinds += 1;
    left += counts[bin] ?? 0;
    leftSum += sums[bin] ?? 0;
    const right = n - left;
    if (left < LEAST_IN_LEAF || right < LEAST_IN_LEAF) continue;
    const gain = (leftSum * leftSum) / left + (total - leftSum) ** 2 / right - before;
    if (gain > 1e-12 * Math.abs(before) && gain > (best?.gain ?? 0)) best = { split: bin, gain };
  }
  return kinds < 2 ? "constant" : best;
}

/** Rows that go left come first; how many they are. */
function parted(rows: Int32Array, bins: Uint8Array | undefined, split: number): number {
  let left = 0;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? 0;
    if ((bins?.[row] ?? 0) > split) continue;
    rows[at] = rows[left] ?? 0;
    rows[left] = row;
    left += 1;
  }
  return left;
}

/** binOf: the bin of a column for the run that is asked about. */
export function predicted(tree: Tree, binOf: (column: number) => number): number {
  let node = 0;
  for (let column = tree.column[0] ?? -1; column >= 0; column = tree.column[node] ?? -1)
    node = (binOf(column) <= (tree.split[node] ?? 0) ? tree.left[node] : tree.right[node]) ?? 0;
  return tree.value[node] ?? 0;
}
