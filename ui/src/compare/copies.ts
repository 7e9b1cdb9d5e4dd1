/** A comparison as text to take along. */

import { csvLine } from "@/parts/csv";
import type { Row } from "./rows";

type Line = (string | undefined)[];

const TITLES = ["Section", "Name"];

/** Rows as a table in Markdown, one for each section. */
export function markdownOf(names: readonly string[], rows: readonly Row[]): string {
  const parts: string[] = [];
  for (const section of new Set(rows.map((row) => row.section))) {
    const title = section[0]?.toUpperCase() + section.slice(1);
    const lines: Line[] = [
      [title, ...names],
      ["---", ...names.map(() => "---")],
      ...rows.filter((row) => row.section === section).map((row) => [row.key, ...row.values]),
    ];
    parts.push(lines.map((line) => `| ${line.map(inMarkdown).join(" | ")} |`).join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}

const inMarkdown = (text: string | undefined): string =>
  (text ?? "").replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/\r?\n/g, "<br>");

export const csvOf = (names: readonly string[], rows: readonly Row[]): string =>
  [
    [...TITLES, ...names],
    ...rows.map((row) => [row.section, row.key, ...row.values.map((value) => value ?? "")]),
  ]
    .map(csvLine)
    .join("");
