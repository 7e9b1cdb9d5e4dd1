/** What each param says of a metric: how they go together, and how much it matters among the others. */

import type { Feature } from "./bins";
import { type Column, varies } from "./columns";
import { correlationRatio, pearson, spearman } from "./correlation";

export const FEW_RUNS = 20;
const NAMES = 12; // of a param that get a column each; those that are rarer are alike

export interface Fact {
  id: string;
  title: string;
  /** Runs that have both. */
  count: number;
  /** Values, among runs that have the metric. */
  values: number;
  kind: Column["kind"];
  pearson?: number;
  spearman?: number;
  /** Correlation ratio, of names. */
  eta?: number;
}

export interface Question {
  facts: Fact[];
  /** In the order of the facts. */
  features: Feature[];
  target: number[];
  /** Titles of params that are the same in all runs. */
  constant: string[];
}

/** Runs without a finite value of the metric are left out. */
export function questionOf(params: readonly Column[], metric: readonly (number | null)[]): Question {
  const known = metric.flatMap((value, at) => (value !== null && Number.isFinite(value) ? [at] : []));
  const target = known.map((at) => metric[at] as number);
  const told = params.map((param) => part(param, known));
  const useful = told.filter((param) => varies(param) || isPartlyThere(param));
  return {
    facts: useful.map((param) => factOf(param, target)),
    features: useful.map(featureOf),
    target,
    constant: told
      .filter((param) => !useful.includes(param) && param.values.some((value) => value !== null))
      .map((param) => param.title),
  };
}

function part(param: Column, known: readonly number[]): Column {
  if (param.kind === "numbers") return { ...param, values: known.map((at) => param.values[at] ?? null) };
  const values = known.map((at) => param.values[at] ?? null);
  const there = new Set(values);
  return { ...param, values, names: param.names.filter((name) => there.has(name)) };
}

const isPartlyThere = (param: Column): boolean =>
  param.values.some((value) => value === null) && param.values.some((value) => value !== null);

function factOf(param: Column, target: readonly number[]): Fact {
  const { id, title, kind } = param;
  const values = new Set<string | number>(param.values.filter((value) => value !== null)).size;
  if (param.kind === "names") {
    const there = param.values.flatMap((value, at) => (value === null ? [] : [at]));
    const groups = there.map((at) => param.values[at] ?? "");
    const eta =
      values < there.length
        ? correlationRatio(
            groups,
            there.map((at) => target[at] ?? 0),
          )
        : undefined;
    return { id, title, kind, values, count: there.length, eta };
  }
  const there = param.values.flatMap((value, at) => (value !== null && Number.isFinite(value) ? [at] : []));
  const x = there.map((at) => param.values[at] ?? 0);
  const y = there.map((at) => target[at] ?? 0);
  return { id, title, kind, values, count: there.length, pearson: pearson(x, y), spearman: spearman(x, y) };
}

function featureOf(param: Column): Feature {
  if (param.kind === "numbers") return { name: param.title, columns: [param.values] };
  const counts = new Map<string, number>();
  for (const value of param.values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const frequent = [...counts]
    .filter(([, count]) => count > 1)
    .sort((a, b) => b[1] - a[1])
    .slice(0, NAMES);
  const columns = frequent.map(([name]) => param.values.map((value) => Number(value === name)));
  const missing = param.values.map((value) => Number(value === null));
  return { name: param.title, columns: missing.includes(1) ? [...columns, missing] : columns };
}
