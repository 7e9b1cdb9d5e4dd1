/** Rows that open: a run with its children, and a group with its runs. Also runs that were selected elsewhere. */

import type { RunMessage } from "@/api/endpoints";
import { quoted } from "@/api/filters";
import { fieldOf, idOf, PARENT_TAG, parentOf, textOf } from "./values";

export type Branch =
  | { id: string; kind: "children"; parentId: string }
  | { id: string; kind: "group"; keys: string[]; values: (string | null)[] };

/** Runs that nothing but their ids has in common. */
export type These = { id: string; kind: "these"; runIds: string[] };

export const childrenOf = (parentId: string): Branch => ({ id: parentId, kind: "children", parentId });

export const groupBranch = (keys: string[], values: (string | null)[]): Branch => ({
  id: JSON.stringify([keys, values]),
  kind: "group",
  keys,
  values,
});

export const theseRuns = (runIds: string[]): These => ({ id: "these", kind: "these", runIds });

/** "params.learning rate" is the params' "learning rate". */
export function keyOf(id: string): { part: "params" | "tags"; key: string } {
  const dot = id.indexOf(".");
  return { part: id.slice(0, dot) === "tags" ? "tags" : "params", key: id.slice(dot + 1) };
}

export const fieldOfId = (id: string): string => {
  const { part, key } = keyOf(id);
  return fieldOf(part, key);
};

/** The runs of a branch in the filter language; a value with both kinds of quotes can't be said there. */
export function branchFilter(branch: Branch | These): string {
  if (branch.kind === "children") return `${fieldOf("tags", PARENT_TAG)} = ${quoted(branch.parentId)}`;
  if (branch.kind === "these") return `attributes.run_id IN (${branch.runIds.map(quoted).join(", ")})`;
  return branch.keys
    .map((key, at) => {
      const value = branch.values[at] ?? null;
      return value === null ? `${fieldOfId(key)} IS NULL` : `${fieldOfId(key)} = ${quoted(value)}`;
    })
    .join(" AND ");
}

const quotable = (text: string): boolean => !(text.includes("'") && text.includes('"'));

export const canOpen = (branch: Branch): boolean =>
  branch.kind === "children" || branch.values.every((value) => value === null || quotable(value));

export function isIn(branch: Branch | These, run: RunMessage): boolean {
  if (branch.kind === "children") return parentOf(run) === branch.parentId;
  if (branch.kind === "these") return branch.runIds.includes(idOf(run));
  return branch.keys.every((id, at) => {
    const { part, key } = keyOf(id);
    return (textOf(run, part, key) ?? null) === (branch.values[at] ?? null);
  });
}
