/** What can be put where the cursor is. Keys and values come from the server; see useSuggestions.ts. */

import { quoted } from "@/api/filters";
import { fieldOf, type Part } from "../values";
import type { Cursor, Field } from "./cursor";

export interface Suggestion {
  /** As it is put into the filter. */
  text: string;
  /** What it is, beside it. */
  note: string;
}

export interface Known {
  keys: Partial<Record<Part, string[]>>;
  /** Values of the field, those of most runs first. */
  values: string[];
}

const ATTRIBUTES: Record<string, "text" | "number" | "id"> = {
  status: "text",
  run_name: "text",
  start_time: "number",
  end_time: "number",
  user_id: "text",
  run_id: "id",
  artifact_uri: "text",
  "dataset.name": "id",
  "dataset.digest": "id",
  "dataset.context": "id",
};
const STATUSES = ["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"];
const NUMBERS: [string, string][] = [
  [">", "greater"],
  [">=", "at least"],
  ["<", "less"],
  ["<=", "at most"],
  ["=", "equal"],
  ["!=", "different"],
];
const TEXTS: [string, string][] = [
  ["=", "exactly"],
  ["!=", "different"],
  ["LIKE", "% stands for any text"],
  ["ILIKE", "the same in any case"],
];
const LISTS: [string, string][] = [
  ["IN", "one of"],
  ["NOT IN", "none of"],
];
const PRESENCE: [string, string][] = [
  ["IS NULL", "not set"],
  ["IS NOT NULL", "set"],
];
const PARTS: Part[] = ["metrics", "params", "tags"];
const MOST = 50;

/** The kinds of keys that what is typed may be of, and what they must hold. */
export function wantedKeys(cursor: Cursor | undefined): { parts: Part[]; contains: string } {
  if (cursor?.expects !== "name") return { parts: [], contains: "" };
  const dot = cursor.typed.indexOf(".");
  const part = PARTS.find((each) => cursor.typed.slice(0, dot).toLowerCase() === each);
  return part
    ? { parts: [part], contains: cursor.typed.slice(dot + 1) }
    : { parts: PARTS, contains: cursor.typed };
}

/** The field whose values are to be looked up. */
export function wantedValues(cursor: Cursor | undefined): Field | undefined {
  const { expects, field } = cursor ?? {};
  return expects === "value" && (field?.part === "params" || field?.part === "tags") && field.key
    ? field
    : undefined;
}

export function suggestions(cursor: Cursor, known: Known): Suggestion[] {
  switch (cursor.expects) {
    case "name":
      return names(cursor.typed, known.keys);
    case "operator":
      return starting(operators(cursor.field), cursor.typed);
    case "value":
      return values(cursor, known.values);
    default:
      return starting([["AND", "and another condition"]], cursor.typed);
  }
}

function names(typed: string, keys: Known["keys"]): Suggestion[] {
  const text = typed.replace(/^(attributes?|attr|run)\./i, "").toLowerCase();
  const attributes = Object.keys(ATTRIBUTES)
    .filter((name) => name.includes(text))
    .map((name) => ({ text: name, note: "attribute" }));
  const found = PARTS.flatMap((part) =>
    (keys[part] ?? []).map((key) => ({ text: fieldOf(part, key), note: part.slice(0, -1) })),
  );
  const parts = PARTS.filter(
    (part) => typed !== "" && `${part}.`.startsWith(typed.toLowerCase()) && typed !== `${part}.`,
  );
  const prefixes = parts.map((part) => ({ text: `${part}.`, note: `any of the ${part}` }));
  const start = (each: Suggestion) => Number(!each.text.toLowerCase().startsWith(typed.toLowerCase()));
  const whole = [...attributes, ...found].sort((a, b) => start(a) - start(b));
  return [...prefixes, ...whole].slice(0, MOST);
}

export function operators(field: Field | undefined): [string, string][] {
  if (!field || field.part === "metrics") return NUMBERS;
  if (field.part !== "attributes") return [...TEXTS, ...PRESENCE];
  const kind = ATTRIBUTES[field.key];
  if (kind === "number") return NUMBERS;
  return kind === "id" ? [...TEXTS, ...LISTS] : TEXTS;
}

function values({ field, typed, inList }: Cursor, seen: string[]): Suggestion[] {
  const all = field?.part === "attributes" && field.key === "status" ? STATUSES : seen;
  return all
    .filter(
      (value) =>
        value.toLowerCase().includes(typed.toLowerCase()) && !(value.includes("'") && value.includes('"')),
    )
    .slice(0, MOST)
    .map((value) => ({ text: quoted(value), note: inList ? "one of the list" : "value" }));
}

const starting = (all: [string, string][], typed: string): Suggestion[] =>
  all
    .filter(([text]) => text.startsWith(typed.trim().toUpperCase()) && text !== typed.trim().toUpperCase())
    .map(([text, note]) => ({ text, note }));

/** The filter with the choice in it, and where the cursor is then. */
export function chosen(text: string, cursor: Cursor, choice: string): { text: string; caret: number } {
  const before = text.slice(0, cursor.from);
  const after = text.slice(cursor.to);
  const gap = before && !/[\s(]$/.test(before) ? " " : "";
  const goesOn = cursor.inList || choice.endsWith(".");
  const put = `${before}${gap}${choice}${goesOn ? "" : " "}`;
  return { text: put + after.replace(/^\s+/, ""), caret: put.length };
}
