/** Notebooks of Jupyter, formats 3 and 4, as what is shown of them. */

import { plainText } from "../ansi";

export type Output =
  | { kind: "text"; text: string; tone?: "error" }
  | { kind: "picture"; source: string }
  | { kind: "html"; html: string }
  | { kind: "markdown"; text: string }
  | { kind: "unknown"; types: string[] };

export interface Cell {
  kind: "markdown" | "code" | "raw";
  text: string;
  count?: number;
  outputs: Output[];
}

export interface Notebook {
  language: string;
  cells: Cell[];
}

type Table = Record<string, unknown>;

const isTable = (given: unknown): given is Table =>
  typeof given === "object" && given !== null && !Array.isArray(given);
const table = (given: unknown): Table => (isTable(given) ? given : {});
const list = (given: unknown): Table[] => (Array.isArray(given) ? given.filter(isTable) : []);
/** Texts are one string, or lines of one. */
const textOf = (given: unknown): string => (Array.isArray(given) ? given.join("") : String(given ?? ""));

export function notebookOf(given: unknown): Notebook {
  if (!isTable(given)) throw new Error("It isn't a notebook.");
  const metadata = table(given.metadata);
  const cells = Array.isArray(given.cells) ? list(given.cells) : list(list(given.worksheets)[0]?.cells);
  const language = table(metadata.language_info).name ?? table(metadata.kernelspec).language ?? "python";
  return { language: String(language).toLowerCase(), cells: cells.map(cellOf) };
}

function cellOf(given: Table): Cell {
  const kind = given.cell_type === "code" ? "code" : given.cell_type === "markdown" ? "markdown" : "raw";
  const count = given.execution_count ?? given.prompt_number;
  return {
    kind,
    text: textOf(given.source ?? given.input),
    count: typeof count === "number" ? count : undefined,
    outputs: kind === "code" ? list(given.outputs).map(outputOf) : [],
  };
}

function outputOf(given: Table): Output {
  if (given.output_type === "stream") return { kind: "text", text: plainText(textOf(given.text)) };
  if (given.output_type === "error" || given.output_type === "pyerr") {
    const told = Array.isArray(given.traceback) ? given.traceback.join("\n") : "";
    return { kind: "text", text: plainText(told || `${given.ename}: ${given.evalue}`), tone: "error" };
  }
  return shownOf({ ...older(given), ...table(given.data) });
}

/** Of several forms of one value, the one that says most and is safe to show. */
function shownOf(forms: Table): Output {
  for (const type of ["image/png", "image/jpeg", "image/gif", "image/webp"])
    if (forms[type])
      return { kind: "picture", source: `data:${type};base64,${textOf(forms[type]).replace(/\s/g, "")}` };
  if (forms["image/svg+xml"])
    return {
      kind: "picture",
      source: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(forms["image/svg+xml"]))}`,
    };
  if (forms["text/html"]) return { kind: "html", html: textOf(forms["text/html"]) };
  if (forms["text/markdown"]) return { kind: "markdown", text: textOf(forms["text/markdown"]) };
  if (forms["text/plain"] !== undefined)
    return { kind: "text", text: plainText(textOf(forms["text/plain"])) };
  if (forms["application/json"] !== undefined)
    return { kind: "text", text: JSON.stringify(forms["application/json"], null, 2) };
  return { kind: "unknown", types: Object.keys(forms) };
}

/** Format 3 has them beside each other under short names. */
function older(given: Table): Table {
  const names = {
    png: "image/png",
    jpeg: "image/jpeg",
    svg: "image/svg+xml",
    html: "text/html",
    text: "text/plain",
  };
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, type]) => (given[name] === undefined ? [] : [[type, given[name]]])),
  );
}
