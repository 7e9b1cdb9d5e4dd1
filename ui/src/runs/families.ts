/**
 * Nested runs in an answer to a filter, where any run may match without its parent.
 *
 * A run whose parent matches too stands below it, whatever the order; a family stands where the first of its members
 * stands by the order, so that the best run leads its family up. A run whose parent isn't among those that are loaded
 * stands for itself, with its parent's name beside it. When the parent comes with a later page, it takes its children
 * where they are.
 */

import type { RunMessage } from "@/api/endpoints";
import { idOf, parentOf } from "./values";

export interface Member {
  run: RunMessage;
  level: number;
  /** Runs directly below it. */
  count: number;
  /** The parent that isn't here. */
  under?: string;
  /** Below a run that was closed. */
  hidden: boolean;
}

export function families(runs: RunMessage[], closed: ReadonlySet<string> = new Set()): Member[] {
  const nested = runs.some((run) => parentOf(run) !== undefined);
  if (!nested) return runs.map((run) => ({ run, level: 1, count: 0, hidden: false }));
  const byId = new Map(runs.map((run) => [idOf(run), run]));
  const children = new Map<string, RunMessage[]>();
  for (const run of runs) {
    const parent = parentOf(run);
    if (parent === undefined || !byId.has(parent)) continue;
    const siblings = children.get(parent);
    if (siblings) siblings.push(run);
    else children.set(parent, [run]);
  }
  const members: Member[] = [];
  const placed = new Set<string>();
  const place = (run: RunMessage, level: number, hidden: boolean) => {
    const id = idOf(run);
    if (placed.has(id)) return;
    placed.add(id);
    const below = children.get(id) ?? [];
    const parent = level === 1 ? parentOf(run) : undefined;
    const under = parent !== undefined && !byId.has(parent) ? parent : undefined;
    members.push({ run, level, count: below.length, under, hidden });
    for (const child of below) place(child, level + 1, hidden || closed.has(id));
  };
  for (const run of runs) if (!placed.has(idOf(run))) place(eldest(run, byId), 1, false);
  return members;
}

/** The uppermost run above this one that is here; in a circle, which only a mistake makes, the run itself. */
function eldest(run: RunMessage, byId: Map<string, RunMessage>): RunMessage {
  const seen = new Set<RunMessage>();
  for (let at = run; ; ) {
    seen.add(at);
    const above = byId.get(parentOf(at) ?? "");
    if (!above) return at;
    if (seen.has(above)) return run;
    at = above;
  }
}
