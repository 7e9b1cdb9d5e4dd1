/** A tree as the rows that are seen: what is drawn, and what the keys move over. */

export interface Row {
  id: string;
  depth: number;
  /** undefined: nothing is below it. */
  open?: boolean;
}

export type Move = { to: string } | { toggle: string } | { select: string } | undefined;

/** What a key does on the row at `at`: as trees do everywhere. */
export function moveBy(key: string, rows: Row[], at: number, page = 10): Move {
  const row = rows[at];
  if (!row) return rows[0] && { to: rows[0].id };
  const to = (next: number): Move => {
    const found = rows[Math.max(0, Math.min(rows.length - 1, next))];
    return found && { to: found.id };
  };
  switch (key) {
    case "ArrowDown":
      return to(at + 1);
    case "ArrowUp":
      return to(at - 1);
    case "PageDown":
      return to(at + page);
    case "PageUp":
      return to(at - page);
    case "Home":
      return to(0);
    case "End":
      return to(rows.length - 1);
    case "ArrowRight":
      if (row.open === false) return { toggle: row.id };
      return row.open ? to(at + 1) : undefined;
    case "ArrowLeft":
      return row.open ? { toggle: row.id } : to(parentOf(rows, at));
    case "Enter":
    case " ":
      return { select: row.id };
    default:
      return undefined;
  }
}

function parentOf(rows: Row[], at: number): number {
  const depth = rows[at]?.depth ?? 0;
  for (let before = at - 1; before >= 0; before -= 1) if ((rows[before]?.depth ?? 0) < depth) return before;
  return at;
}

/** A folder's path and those of the folders around it: "a/b" → ["a", "a/b"]. */
export function foldersTo(path: string): string[] {
  const words = path.split("/").filter(Boolean);
  return words.map((_, at) => words.slice(0, at + 1).join("/"));
}
