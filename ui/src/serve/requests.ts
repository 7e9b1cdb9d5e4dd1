/** Bodies of /invocations, made of what is in a form's fields. They are text from the start: numbers stay exact. */

import type { Field, Parameter, Signature, ValueType } from "@/models/mlmodel";
import { written } from "./exact";

const INTEGERS = [
  "integer",
  "long",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
];
const FLOATS = ["float", "double", "float16", "float32", "float64"];
const PLAIN = ["boolean", "string", "datetime", "binary", ...INTEGERS, ...FLOATS];
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

export type Kind = "flag" | "whole" | "number" | "text" | "json";

/** One field of the form. key: unique among them. text: what is in it at first. */
export interface Asked {
  key: string;
  label: string;
  type: ValueType;
  shape: number[] | undefined;
  kind: Kind;
  optional: boolean;
  text: string;
}

export interface Form {
  inputs: Asked[];
  params: Asked[];
}

export function kindOf(type: ValueType, shape: number[] | undefined): Kind {
  if (shape || !PLAIN.includes(type.name)) return "json";
  if (type.name === "boolean") return "flag";
  if (INTEGERS.includes(type.name)) return "whole";
  return FLOATS.includes(type.name) ? "number" : "text";
}

/** example: the body of a request, as the model's folder has it. */
export function formOf(signature: Signature, example: unknown): Form {
  const row = firstRow(example);
  const arrays = table(example).inputs ?? table(example).instances;
  const inputs = signature.inputs.map((field, at) => {
    const value = field.shape
      ? field.name === undefined
        ? arrays
        : table(arrays)[field.name]
      : row[field.name ?? String(at)];
    return asked(`input ${at}`, labelOf(field, at), field.type, field.shape, !field.required, value);
  });
  const given = table(table(example).params);
  const params = signature.params.map((each: Parameter) =>
    asked(`param ${each.name}`, each.name, each.type, each.shape, true, given[each.name] ?? each.default),
  );
  return { inputs, params };
}

const labelOf = (field: Field, at: number): string => field.name ?? (field.shape ? "input" : `column ${at}`);

function asked(
  key: string,
  label: string,
  type: ValueType,
  shape: number[] | undefined,
  optional: boolean,
  value: unknown,
): Asked {
  const kind = kindOf(type, shape);
  const none = value === undefined || value === null;
  const text = none ? "" : kind === "json" ? written(value) : String(value);
  return { key, label, type, shape, kind, optional, text };
}

/** The value as JSON text, or what is wrong with it. */
export function jsonOf(field: Asked, given: string): { json: string } | { wrong: string } {
  const text = given.trim();
  if (text === "" && !(field.kind === "text" && !field.optional))
    return field.optional ? { json: "null" } : { wrong: "A value is needed." };
  switch (field.kind) {
    case "flag":
      return { json: text };
    case "whole":
      return /^[-+]?\d+$/.test(text)
        ? { json: text.replace(/^\+/, "").replace(/^(-?)0+(?=\d)/, "$1") }
        : { wrong: "A whole number is needed." };
    case "number":
      return NUMBER.test(text) ? { json: JSON.stringify(Number(text)) } : { wrong: "A number is needed." };
    case "text":
      return { json: JSON.stringify(given) };
    case "json":
      try {
        JSON.parse(text);
        return { json: text };
      } catch {
        return { wrong: "This isn't JSON." };
      }
  }
}

/** values: by key. The body, or what is wrong by key. */
export function bodyOf(
  signature: Signature,
  form: Form,
  values: Record<string, string>,
): { body: string } | { wrong: Record<string, string> } {
  const wrong: Record<string, string> = {};
  const json = (field: Asked): string => {
    const found = jsonOf(field, values[field.key] ?? field.text);
    if ("json" in found) return found.json;
    wrong[field.key] = found.wrong;
    return "null";
  };
  const inputs = form.inputs.map(json);
  const params = form.params.flatMap((field) => {
    const value = json(field);
    return value === "null" ? [] : [`${JSON.stringify(field.label)}: ${value}`];
  });
  if (Object.keys(wrong).length > 0) return { wrong };
  const beside = params.length > 0 ? `, "params": {${params.join(", ")}}` : "";
  return { body: `{${inputPart(signature, form, inputs)}${beside}}` };
}

function inputPart(signature: Signature, form: Form, inputs: string[]): string {
  const [first] = signature.inputs;
  const named = first?.name !== undefined;
  if (first?.shape && !named) return `"inputs": ${inputs[0]}`;
  if (first?.shape)
    return `"inputs": {${form.inputs.map((field, at) => `${JSON.stringify(field.label)}: ${inputs[at]}`).join(", ")}}`;
  const columns = named ? `"columns": ${JSON.stringify(signature.inputs.map((each) => each.name))}, ` : "";
  return `"dataframe_split": {${columns}"data": [[${inputs.join(", ")}]]}`;
}

/** The example's first row, by column. */
function firstRow(example: unknown): Record<string, unknown> {
  const body = table(example);
  const split = table(body.dataframe_split);
  if (Array.isArray(split.data)) {
    const row: unknown = split.data[0];
    const values = Array.isArray(row) ? row : [];
    const names = Array.isArray(split.columns) ? split.columns : values.map((_, at) => at);
    return Object.fromEntries(names.map((name, at) => [String(name), values[at]]));
  }
  const records = body.dataframe_records ?? body.instances ?? body.inputs;
  if (Array.isArray(records)) return table(records[0]);
  return Object.fromEntries(
    Object.entries(table(records)).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

const table = (given: unknown): Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given)
    ? (given as Record<string, unknown>)
    : {};
