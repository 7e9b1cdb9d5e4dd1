/** Which runs are selected, by their ids, and how the address says it. */

import type { Line, RunLine } from "./lines";
import { idOf } from "./values";

export type Selected = ReadonlySet<string>;
export type Select = (next: Selected | ((was: Selected) => Selected)) => void;

/** Ids that an address holds: some 3 KB. */
export const MOST_IN_ADDRESS = 100;

/** undefined: none are selected, or more than an address holds. */
export const addressOf = (selected: Selected): string | undefined =>
  selected.size > 0 && selected.size <= MOST_IN_ADDRESS ? [...selected].join(",") : undefined;

export const selectedIn = (address: string | undefined): Selected =>
  new Set(address?.split(",").filter(isId).slice(0, MOST_IN_ADDRESS));

const isId = (text: string): boolean => /^[\w-]{1,64}$/.test(text);

const runsOf = (lines: Line[]): RunLine[] => lines.filter((line): line is RunLine => line.kind === "run");

export function flipped(was: Selected, runId: string): Selected {
  const next = new Set(was);
  if (!next.delete(runId)) next.add(runId);
  return next;
}

/** From the line that was pressed last to this one, whichever is above: all get what this one gets. */
export function stretched(was: Selected, lines: Line[], from: string | undefined, to: string): Selected {
  const start = from === undefined ? -1 : lines.findIndex((line) => line.key === from);
  const end = lines.findIndex((line) => line.key === to);
  const target = lines[end];
  if (start < 0 || target?.kind !== "run")
    return target?.kind === "run" ? flipped(was, idOf(target.run)) : was;
  const on = !was.has(idOf(target.run));
  const next = new Set(was);
  for (const { run } of runsOf(lines.slice(Math.min(start, end), Math.max(start, end) + 1))) {
    if (on) next.add(idOf(run));
    else next.delete(idOf(run));
  }
  return next;
}

export const isAll = (selected: Selected, lines: Line[]): boolean => {
  const runs = selected.size > 0 ? runsOf(lines) : [];
  return runs.length > 0 && runs.every(({ run }) => selected.has(idOf(run)));
};

/** All that are loaded; none, if all are selected. */
export const allFlipped = (selected: Selected, lines: Line[]): Selected =>
  isAll(selected, lines) ? new Set() : new Set(runsOf(lines).map(({ run }) => idOf(run)));
