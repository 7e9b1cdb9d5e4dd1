/** What a run's dataset says in JSON: source, schema, profile, as MLflow's clients and ours write them. */

import type { DatasetMessage } from "@/api/endpoints";

export interface SchemaColumn {
  name: string;
  type: string;
  /** Of tensors: features or targets. Of columns: whether they may be missing. */
  part: string;
}

export interface Dataset {
  source: string | undefined;
  schema: SchemaColumn[];
  profile: [name: string, value: string][];
}

type Table = Record<string, unknown>;

const isTable = (given: unknown): given is Table =>
  typeof given === "object" && given !== null && !Array.isArray(given);

function parsed(text: unknown): unknown {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const datasetOf = (dataset: DatasetMessage): Dataset => ({
  source: sourceOf(dataset.source),
  schema: schemaOf(parsed(dataset.schema)),
  profile: profileOf(parsed(dataset.profile)),
});

/** The address, if the source is told as JSON with one; else what was written. */
function sourceOf(text: string | undefined): string | undefined {
  const found = parsed(text);
  if (!isTable(found)) return text || undefined;
  const place = found.uri ?? found.url ?? found.path ?? found.table_name ?? found.sql;
  return place === undefined ? text : String(place);
}

function schemaOf(given: unknown): SchemaColumn[] {
  if (!isTable(given)) return [];
  if (Array.isArray(given.mlflow_colspec))
    return given.mlflow_colspec.filter(isTable).map((each) => column(each));
  const tensors = given.mlflow_tensorspec;
  if (!isTable(tensors)) return [];
  return ["features", "targets"].flatMap((part) => {
    const found = parsed(tensors[part]);
    return Array.isArray(found) ? found.filter(isTable).map((each, at) => tensor(each, part, at)) : [];
  });
}

const column = (given: Table): SchemaColumn => ({
  name: String(given.name ?? ""),
  type: String(given.type ?? ""),
  part: given.required === false ? "may be missing" : "",
});

function tensor(given: Table, part: string, at: number): SchemaColumn {
  const spec = isTable(given["tensor-spec"]) ? given["tensor-spec"] : {};
  const shape = Array.isArray(spec.shape) ? spec.shape.join(", ") : "";
  return { name: String(given.name ?? `(${at + 1})`), type: `${spec.dtype ?? ""} [${shape}]`, part };
}

/** num_rows: Rows. */
function named(key: string): string {
  const words = key.replace(/^num_/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function profileOf(given: unknown): [string, string][] {
  if (!isTable(given)) return [];
  return Object.entries(given).map(([name, value]) => [
    named(name),
    typeof value === "number"
      ? value.toLocaleString("en")
      : typeof value === "string"
        ? value
        : JSON.stringify(value),
  ]);
}
