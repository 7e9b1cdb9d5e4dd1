/**
 * CSV by pieces of the file: each piece is fetched when somebody scrolls there, cut where a row ends, and forgotten when
 * others are looked at. What is remembered of all of it is where each piece starts.
 */

import Papa from "papaparse";
import { textOf } from "../read";
import { type Column, Kept, type Rows } from "./rows";

const PIECE_BYTES = 512 * 1024;
const MOST_PIECE_BYTES = 32 * PIECE_BYTES;
const KEPT_PIECES = 12;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

export type Fetch = (
  start: number,
  end: number,
  signal?: AbortSignal,
) => Promise<{ bytes: Uint8Array; total: number }>;

/** Where the last whole row of bytes that start with one ends; 0: they hold no whole row. */
export function lastRowEnd(bytes: Uint8Array, delimiter: number): number {
  let [end, quoted, fieldStarts] = [0, false, true];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (quoted) {
      if (byte !== QUOTE) continue;
      if (bytes[at + 1] === QUOTE) at += 1;
      else quoted = false;
    } else if (byte === QUOTE && fieldStarts) {
      quoted = true;
      fieldStarts = false;
    } else if (byte === NEWLINE || (byte === RETURN && at + 1 < bytes.length && bytes[at + 1] !== NEWLINE)) {
      end = at + 1;
      fieldStarts = true;
    } else fieldStarts = byte === delimiter;
  }
  return end;
}

interface Piece {
  start: number;
  end: number;
  firstRow: number;
  rows: number;
}

export class CsvRows implements Rows {
  columns: Column[] = [];
  known = 0;
  ended = false;
  private delimiter = ",";
  private readonly pieces: Piece[] = [];
  private readonly kept = new Kept<unknown[][]>(KEPT_PIECES);
  private queue: Promise<void> = Promise.resolve();

  /** delimiter: found by itself, unless the file's name tells it. */
  constructor(
    private readonly fetch: Fetch,
    private readonly given?: string,
    private readonly pieceBytes = PIECE_BYTES,
  ) {}

  async open(signal?: AbortSignal): Promise<this> {
    await this.next(signal);
    return this;
  }

  row(index: number): unknown[] | undefined {
    const at = this.pieceOf(index);
    const piece = this.pieces[at];
    return piece && this.kept.peek(at)?.[index - piece.firstRow];
  }

  /** One at a time: where a piece starts is known when the one before it was read. */
  load(first: number, last: number, signal?: AbortSignal): Promise<void> {
    const doing = this.queue.then(() => this.fill(first, last, signal));
    this.queue = doing.catch(() => {});
    return doing;
  }

  private async fill(first: number, last: number, signal?: AbortSignal): Promise<void> {
    while (!this.ended && last >= this.known) await this.next(signal);
    for (let at = this.pieceOf(first); at <= this.pieceOf(Math.min(last, this.known - 1)); at += 1) {
      const piece = this.pieces[at];
      if (!piece || this.kept.get(at)) continue;
      const { bytes } = await this.fetch(piece.start, piece.end, signal);
      this.kept.set(at, this.parsed(textOf(bytes), piece.start === 0));
    }
  }

  /** Reads on where the last piece ended. A row longer than a piece makes the piece grow. */
  private async next(signal?: AbortSignal): Promise<void> {
    const start = this.pieces.at(-1)?.end ?? 0;
    let [size, bytes, total] = [this.pieceBytes, new Uint8Array(0) as Uint8Array, 0];
    let end = 0;
    while (end === 0) {
      ({ bytes, total } = await this.fetch(start, start + size, signal));
      if (start === 0) this.delimiter = this.given ?? delimiterOf(textOf(bytes));
      const rest = start + bytes.length >= total;
      end = rest ? bytes.length : lastRowEnd(bytes, this.delimiter.charCodeAt(0));
      if (rest) break;
      if (end === 0 && size >= MOST_PIECE_BYTES) end = bytes.length; // a quote that never ends
      size *= 4;
    }
    this.ended = start + end >= total;
    const rows = this.parsed(textOf(bytes.subarray(0, end)), start === 0);
    this.kept.set(this.pieces.length, rows);
    this.pieces.push({ start, end: start + end, firstRow: this.known, rows: rows.length });
    this.known += rows.length;
  }

  private parsed(text: string, hasHeader: boolean): unknown[][] {
    const { data } = Papa.parse<string[]>(text.replace(/^\ufeff/, ""), {
      delimiter: this.delimiter,
      skipEmptyLines: true,
    });
    if (!hasHeader) return data;
    this.columns = (data[0] ?? []).map((name, at) => ({ name: name || `column ${at + 1}` }));
    return data.slice(1);
  }

  private pieceOf(row: number): number {
    let [low, high] = [0, this.pieces.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.pieces[middle]?.firstRow ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const delimiterOf = (text: string): string =>
  Papa.parse(text.slice(0, 100_000), { preview: 50, delimitersToGuess: [",", "\t", ";", "|"] }).meta
    .delimiter || ",";
