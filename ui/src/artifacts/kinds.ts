/** What a file is shown as, by its name. */

import { nameOf } from "./address";

export type Kind =
  | "text"
  | "code"
  | "json"
  | "yaml"
  | "table"
  | "parquet"
  | "image"
  | "audio"
  | "video"
  | "html"
  | "pdf"
  | "notebook"
  | "markdown"
  | "onnx"
  | "mlmodel"
  | "unknown";

/** Endings of each kind; for code, of each language. */
const ENDINGS: Record<string, string> = {
  text: "txt log out err text rst",
  json: "json webmanifest",
  yaml: "yaml yml",
  table: "csv tsv tab",
  parquet: "parquet pq",
  image: "png jpg jpeg gif webp svg bmp ico avif",
  audio: "mp3 wav ogg oga flac m4a aac opus",
  video: "mp4 webm mov m4v ogv",
  html: "html htm",
  pdf: "pdf",
  notebook: "ipynb",
  markdown: "md markdown",
  onnx: "onnx",
};

const LANGUAGES: Record<string, string> = {
  python: "py pyi py3",
  javascript: "js mjs cjs jsx",
  typescript: "ts tsx",
  r: "r rmd",
  java: "java",
  scala: "scala",
  cpp: "c h cpp hpp cc cu cuh",
  rust: "rs",
  go: "go",
  bash: "sh bash zsh",
  sql: "sql",
  xml: "xml",
  css: "css",
  ini: "ini cfg conf toml properties env",
  diff: "diff patch",
  json: "jsonl ndjson",
  dockerfile: "dockerfile",
};

const LINES_OF_TEXT = new Set([
  "requirements.txt",
  "license",
  "readme",
  "makefile",
  ".gitignore",
  "py.typed",
]);

const byEnding = (table: Record<string, string>): Map<string, string> =>
  new Map(Object.entries(table).flatMap(([kind, endings]) => endings.split(" ").map((each) => [each, kind])));

const kinds = byEnding(ENDINGS);
const languages = byEnding(LANGUAGES);

export function endingOf(path: string): string {
  const name = nameOf(path).toLowerCase();
  return name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : name;
}

export function kindOf(path: string): Kind {
  const name = nameOf(path);
  if (name === "MLmodel") return "mlmodel";
  if (name === "MLproject") return "yaml";
  if (LINES_OF_TEXT.has(name.toLowerCase())) return "text";
  const ending = endingOf(path);
  const kind = kinds.get(ending) as Kind | undefined;
  return kind ?? (languages.has(ending) ? "code" : "unknown");
}

/** What its text is highlighted as; undefined: plain. */
export function languageOf(path: string): string | undefined {
  const kind = kindOf(path);
  if (kind === "code") return languages.get(endingOf(path));
  if (kind === "json" || kind === "notebook") return "json";
  if (kind === "yaml" || kind === "mlmodel") return "yaml";
  if (kind === "html" || endingOf(path) === "svg") return "xml";
  return kind === "markdown" ? "markdown" : undefined;
}
