/**
 * Which features matter for a number: a random forest (Breiman 2001) learns it from them, and a feature's importance is
 * how much worse the forest guesses runs that a tree hasn't seen when that feature's values are mixed up among them.
 * The columns of one feature are mixed up together.
 */

import { binned, type Feature } from "./bins";
import { below, type Random, seeded, shuffled } from "./random";
import { grown, predicted, type Tree } from "./tree";

export const TREES = 60;
const SEED = 20_010;

export interface Learned {
  /** By feature, as a share of the number's variance: 0 = none, 1 = mixing it up costs as much as knowing nothing. */
  importance: number[];
  /** Share of the variance that the forest explains of runs its trees haven't seen; below 0 it guesses worse than the mean. */
  explained: number | undefined;
}

/** Yields after each tree, so that whoever grows it can let the page breathe. */
export function* growing(
  features: readonly Feature[],
  target: readonly number[],
  trees = TREES,
): Generator<number, Learned> {
  const values = Float64Array.from(target);
  const n = values.length;
  const owners = features.flatMap((feature, at) => feature.columns.map(() => at));
  const columns = features.flatMap((feature) => feature.columns.map(binned));
  const random = seeded(SEED);
  const given = { columns, target: values, tried: Math.max(1, Math.ceil(columns.length / 3)), random };
  const lost = new Float64Array(features.length);
  const guesses = new Float64Array(n);
  const times = new Int32Array(n);
  const bin = (column: number, row: number) => columns[column]?.bins[row] ?? 0;
  for (let made = 1; made <= trees; made += 1) {
    const { drawn, unseen } = bootstrap(n, random);
    const tree = grown(given, drawn);
    const seen = unseen.map((row) => predicted(tree, (column) => bin(column, row)));
    unseen.forEach((row, at) => {
      guesses[row] = (guesses[row] ?? 0) + (seen[at] ?? 0);
      times[row] = (times[row] ?? 0) + 1;
    });
    const error = errorOf(values, unseen, seen);
    for (const feature of usedBy(tree, owners)) {
      const mixed = shuffled(Int32Array.from(unseen), random);
      const guessed = unseen.map((row, at) =>
        predicted(tree, (column) => bin(column, owners[column] === feature ? (mixed[at] ?? row) : row)),
      );
      lost[feature] = (lost[feature] ?? 0) + errorOf(values, unseen, guessed) - error;
    }
    yield made;
  }
  const variance = errorOf(values, [...values.keys()], new Array(n).fill(meanOf(values)));
  const known = [...times.keys()].filter((row) => (times[row] ?? 0) > 0);
  const error = errorOf(
    values,
    known,
    known.map((row) => (guesses[row] ?? 0) / (times[row] ?? 1)),
  );
  return {
    importance: [...lost].map((each) => (variance > 0 ? each / trees / variance : 0)),
    explained: variance > 0 && known.length > 0 ? 1 - error / variance : undefined,
  };
}

/** Of all runs as many, each as often as chance has it; and those that it left out. */
function bootstrap(n: number, random: Random): { drawn: Int32Array; unseen: number[] } {
  const taken = new Uint8Array(n);
  const drawn = Int32Array.from({ length: n }, () => {
    const row = below(random, n);
    taken[row] = 1;
    return row;
  });
  return { drawn, unseen: [...taken.keys()].filter((row) => !taken[row]) };
}

function errorOf(values: Float64Array, rows: readonly number[], guesses: readonly number[]): number {
  if (rows.length === 0) return 0;
  return rows.reduce((sum, row, at) => sum + ((values[row] ?? 0) - (guesses[at] ?? 0)) ** 2, 0) / rows.length;
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const usedBy = (tree: Tree, owners: readonly number[]): Set<number> =>
  new Set(tree.column.filter((column) => column >= 0).map((column) => owners[column] ?? 0));

/** All of it at once. */
export function learned(features: readonly Feature[], target: readonly number[], trees = TREES): Learned {
  const steps = growing(features, target, trees);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
