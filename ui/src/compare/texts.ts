/** Two texts, line by line. */

import { structuredPatch } from "diff";

const AROUND = 3;
const PATIENCE_MS = 1_500;

export interface Line {
  kind: "added" | "removed" | "same" | "place";
  text: string;
}

export interface Difference {
  lines: Line[];
  added: number;
  removed: number;
}

/** "too different": it would take longer than anybody waits, and would say that everything is new. */
export function differenceOf(before: string, after: string): Difference | "same" | "too different" {
  if (before === after) return "same";
  const patch = structuredPatch("", "", before, after, "", "", { context: AROUND, timeout: PATIENCE_MS });
  if (!patch) return "too different";
  const lines: Line[] = [];
  for (const hunk of patch.hunks) {
    lines.push({ kind: "place", text: `@@ line ${hunk.oldStart} → ${hunk.newStart} @@` });
    for (const text of hunk.lines) lines.push({ kind: kindOf(text), text });
  }
  const count = (kind: Line["kind"]) => lines.filter((line) => line.kind === kind).length;
  return { lines, added: count("added"), removed: count("removed") };
}

function kindOf(line: string): Line["kind"] {
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}
