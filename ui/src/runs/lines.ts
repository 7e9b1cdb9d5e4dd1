/** What stands in the table, line by line: runs with their children, groups with their runs, and what leads to more. */

import type { RunGroupMessage, RunMessage } from "@/api/endpoints";
import { type Branch, canOpen, childrenOf, groupBranch } from "./branches";
import { families } from "./families";
import { idOf } from "./values";

export interface RunLine {
  kind: "run";
  key: string;
  run: RunMessage;
  level: number;
  /** How many runs lie below, where that is known. */
  children: number;
  branch?: Branch;
  open: boolean;
  /** The parent, where it isn't the line above. */
  under?: string;
}

export interface HeadLine {
  kind: "group" | "lost";
  key: string;
  branch: Branch;
  count: number;
  group?: RunGroupMessage;
  open: boolean;
  level: number;
  /** Its runs can't be asked for: a value that the filter language can't say. */
  closed: boolean;
}

export interface MoreLine {
  kind: "more";
  key: string;
  level: number;
  branch: Branch;
  /** undefined: they are on their way. */
  error?: Error | null;
  loading: boolean;
}

export type Line = RunLine | HeadLine | MoreLine;

/** The runs of an opened branch, as far as they are there. */
export interface Opened {
  runs: RunMessage[];
  more: boolean;
  loading: boolean;
  error: Error | null;
}

export interface Shown {
  opened: Map<string, Opened>;
  counts: Map<string, number>;
}

function runLine(run: RunMessage, level: number, count: number, open: boolean, prefix = ""): RunLine {
  const id = idOf(run);
  const branch = count > 0 ? childrenOf(id) : undefined;
  return { kind: "run", key: prefix + id, run, level, children: count, branch, open: open && count > 0 };
}

/** A branch's lines; a run that lies below itself is shown once. */
function below(
  branch: Branch,
  level: number,
  shown: Shown,
  above: ReadonlySet<string>,
  prefix: string,
): Line[] {
  const opened = shown.opened.get(branch.id);
  if (!opened) return [];
  const lines: Line[] = [];
  for (const run of opened.runs) {
    const id = idOf(run);
    const count = above.has(id) ? 0 : (shown.counts.get(id) ?? 0);
    const line = runLine(run, level, count, shown.opened.has(id), prefix);
    lines.push(line);
    if (line.open && line.branch)
      lines.push(...below(line.branch, level + 1, shown, new Set([...above, id]), prefix));
  }
  if (opened.loading || opened.more || opened.error)
    lines.push({
      kind: "more",
      key: `more:${branch.id}`,
      level,
      branch,
      loading: opened.loading,
      error: opened.error,
    });
  return lines;
}

/** Top-level runs, each with its children below it once it is opened; first those whose parent isn't here any more. */
export function treeLines(runs: RunMessage[], lost: string[], shown: Shown): Line[] {
  const lines: Line[] = [];
  for (const parentId of lost) {
    const branch = childrenOf(parentId);
    const open = shown.opened.has(parentId);
    const count = shown.counts.get(parentId) ?? 0;
    lines.push({ kind: "lost", key: `lost:${parentId}`, branch, count, open, level: 1, closed: false });
    if (open) lines.push(...below(branch, 2, shown, new Set([parentId]), ""));
  }
  for (const run of runs) {
    const id = idOf(run);
    const line = runLine(run, 1, shown.counts.get(id) ?? 0, shown.opened.has(id));
    lines.push(line);
    if (line.open && line.branch) lines.push(...below(line.branch, 2, shown, new Set([id]), ""));
  }
  return lines;
}

/** Runs that match a filter; those whose parent is among them stand below it, unless it was closed. */
export function matchLines(runs: RunMessage[], closed: ReadonlySet<string>): Line[] {
  const lines: Line[] = [];
  for (const { run, level, count, under, hidden } of families(runs, closed)) {
    if (hidden) continue;
    lines.push({ ...runLine(run, level, count, !closed.has(idOf(run))), under });
  }
  return lines;
}

/** Groups, each with its runs below it once it is opened. */
export function groupLines(groups: RunGroupMessage[], keys: string[], shown: Shown): Line[] {
  const none: Shown = { opened: shown.opened, counts: new Map() };
  return groups.flatMap((group) => {
    const branch = groupBranch(keys, group.values);
    const open = shown.opened.has(branch.id);
    const head: HeadLine = {
      kind: "group",
      key: branch.id,
      branch,
      count: group.run_count,
      group,
      open,
      level: 1,
      closed: !canOpen(branch),
    };
    return [head, ...(open ? below(branch, 2, none, new Set(), `${branch.id}:`) : [])];
  });
}
