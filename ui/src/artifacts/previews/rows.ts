/** Rows of a table of which only a part is in memory. */

export interface Column {
  name: string;
  /** In the words of the file's format. */
  type?: string;
}

export interface Rows {
  columns: Column[];
  /** How many there are for sure; more may follow while `ended` is false. */
  known: number;
  ended: boolean;
  /** A row that is in memory. */
  row(index: number): unknown[] | undefined;
  /** Fetches what is missing of the rows from first to last, both included. */
  load(first: number, last: number, signal?: AbortSignal): Promise<void>;
}

/** Pieces of a file by number; the ones that were used longest ago are forgotten. */
export class Kept<T> {
  private readonly pieces = new Map<number, T>();

  constructor(private readonly most: number) {}

  get(at: number): T | undefined {
    const piece = this.pieces.get(at);
    if (piece !== undefined) {
      this.pieces.delete(at);
      this.pieces.set(at, piece);
    }
    return piece;
  }

  /** Looks without using. */
  peek(at: number): T | undefined {
    return this.pieces.get(at);
  }

  set(at: number, piece: T): void {
    this.pieces.delete(at);
    this.pieces.set(at, piece);
    while (this.pieces.size > this.most) this.pieces.delete(this.pieces.keys().next().value as number);
  }
}

/** A table that is in memory whole. */
export const whole = (columns: Column[], rows: unknown[][]): Rows => ({
  columns,
  known: rows.length,
  ended: true,
  row: (index) => rows[index],
  load: async () => {},
});

/** A value as a cell shows it. */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : dateText(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

const dateText = (value: Date): string =>
  value
    .toISOString()
    .replace("T", " ")
    .replace(/(:00)?\.000Z$|Z$/, "");

export const isNumber = (value: unknown): boolean => typeof value === "number" || typeof value === "bigint";
