/** JSON as rows of a tree, of which only what is open is walked. */

import type { Row } from "../tree";

export interface JsonRow extends Row {
  /** The name or place of the value in what it lies in. */
  name: string;
  /** What is told of the value on its line. */
  text: string;
  kind: "object" | "array" | "string" | "number" | "boolean" | "null" | "part";
}

const PART = 100;
const LONG = 300;

/** Also the numbers that Python writes and JSON doesn't know, and integers with more digits than a number holds. */
export function parseJson(text: string): unknown {
  const strict = text.replace(
    /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g,
    (word) => (word.startsWith('"') ? word : `"\\u0000${word}"`),
  );
  return JSON.parse(strict, (_, value) =>
    typeof value === "string" && value.startsWith("\u0000") ? new Exact(value.slice(1)) : value,
  );
}

/** A number as it was written. */
export class Exact {
  constructor(readonly text: string) {}
  toJSON(): string {
    return this.text;
  }
}

/** Rows of the value and of all that is open in it. ids: places from the root, with slashes. */
export function jsonRows(
  value: unknown,
  open: ReadonlySet<string>,
  name = "",
  id = "$",
  depth = 0,
): JsonRow[] {
  const children = childrenOf(value);
  const row: JsonRow = { id, depth, name, kind: kindOf(value), text: textOf(value, children.length) };
  if (children.length === 0) return [row];
  row.open = open.has(id);
  if (!row.open) return [row];
  if (children.length <= PART)
    return [
      row,
      ...children.flatMap(([key, inner]) => jsonRows(inner, open, key, `${id}/${key}`, depth + 1)),
    ];
  const rows = [row];
  for (let start = 0; start < children.length; start += PART) {
    const end = Math.min(start + PART, children.length);
    const part = `${id}/#${start}`;
    const isOpen = open.has(part);
    const [first] = children[start] ?? [""];
    const [last] = children[end - 1] ?? [""];
    rows.push({
      id: part,
      depth: depth + 1,
      open: isOpen,
      name: `${first} … ${last}`,
      kind: "part",
      text: "",
    });
    if (isOpen)
      for (const [key, inner] of children.slice(start, end))
        rows.push(...jsonRows(inner, open, key, `${id}/${key}`, depth + 2));
  }
  return rows;
}

function childrenOf(value: unknown): [string, unknown][] {
  if (typeof value !== "object" || value === null || value instanceof Exact) return [];
  return Object.entries(value);
}

function kindOf(value: unknown): JsonRow["kind"] {
  if (value === null || value === undefined) return "null";
  if (value instanceof Exact) return "number";
  if (Array.isArray(value)) return "array";
  const kind = typeof value;
  return kind === "string" || kind === "number" || kind === "boolean" ? kind : "object";
}

function textOf(value: unknown, size: number): string {
  if (value instanceof Exact) return value.text;
  if (Array.isArray(value)) return size === 0 ? "[]" : `[${size.toLocaleString("en")}]`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null)
    return size === 0 ? "{}" : `{${size.toLocaleString("en")}}`;
  if (typeof value === "string")
    return value.length > LONG
      ? `${JSON.stringify(value.slice(0, LONG))}… ${value.length} characters`
      : JSON.stringify(value);
  return value === undefined ? "null" : String(value);
}

/** What is open at first: the root, and what is in it where that is little. */
export function firstOpen(value: unknown): Set<string> {
  const open = new Set(["$"]);
  for (const [key, inner] of childrenOf(value).slice(0, 20))
    if (childrenOf(inner).length <= 10) open.add(`$/${key}`);
  return open;
}

/** A table that `log_table` wrote: columns and rows of values. */
export function isSplitTable(value: unknown): value is { columns: string[]; data: unknown[][] } {
  const given = value as { columns?: unknown; data?: unknown } | null;
  return (
    typeof given === "object" &&
    given !== null &&
    Array.isArray(given.columns) &&
    given.columns.every((name) => typeof name === "string") &&
    Array.isArray(given.data) &&
    given.data.every(Array.isArray)
  );
}
