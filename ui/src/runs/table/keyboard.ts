/** Where a key leads in the table. Row -1 is the header; column 0 is the name. */

export interface Place {
  row: number;
  column: number;
}

export interface Extent {
  rows: number;
  columns: number;
  /** Rows on a screen. */
  page: number;
}

const HEADER = -1;

/** undefined: the key means something else. */
export function keyTarget(
  key: string,
  far: boolean,
  { row, column }: Place,
  size: Extent,
): Place | undefined {
  const last = size.rows - 1;
  const down = (by: number) => ({ row: Math.max(HEADER, Math.min(last, row + by)), column });
  const across = (to: number) => ({ row, column: Math.max(0, Math.min(size.columns - 1, to)) });
  switch (key) {
    case "ArrowDown":
      return far ? { row: last, column } : down(1);
    case "ArrowUp":
      return far ? { row: Math.min(0, last), column } : down(-1);
    case "PageDown":
      return down(size.page);
    case "PageUp":
      return row <= 0 ? down(-1) : { row: Math.max(0, row - size.page), column };
    case "ArrowRight":
      return across(far ? size.columns - 1 : column + 1);
    case "ArrowLeft":
      return across(far ? 0 : column - 1);
    case "Home":
      return far ? { row: Math.min(0, last), column: 0 } : across(0);
    case "End":
      return far ? { row: last, column: size.columns - 1 } : across(size.columns - 1);
    default:
      return undefined;
  }
}
