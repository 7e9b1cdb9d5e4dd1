// A form made of a model's signature. Values become JSON text at once, so that integers beyond 2^53 stay exact.

import { element, written } from "./common.js";

const INTEGERS = ["integer", "long"];
const FLOATS = ["float", "double"];
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

class Wrong extends Error {}

function typeOf(spec) {
  if (spec.type === "tensor") return `${spec["tensor-spec"].dtype} ${JSON.stringify(spec["tensor-spec"].shape)}`;
  if (spec.type === "array") return `list of ${typeOf(spec.items)}`;
  return spec.shape ? `list of ${spec.type}` : spec.type;
}

const isPlain = (spec) => typeof spec.type === "string" && !spec.shape
  && ["boolean", ...INTEGERS, ...FLOATS, "string", "datetime", "binary"].includes(spec.type);

function fieldFor(spec, name, value) {
  const id = `field-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  let input;
  if (spec.type === "boolean" && isPlain(spec)) {
    input = element("select", { id }, element("option", { value: "" }, ""), element("option", { value: "true" }, "true"), element("option", { value: "false" }, "false"));
    input.value = value === undefined || value === null ? "" : String(value);
  } else if (isPlain(spec)) {
    input = element("input", { id, type: "text", autocomplete: "off", spellcheck: false });
    if ([...INTEGERS, ...FLOATS].includes(spec.type)) input.inputMode = "decimal";
    if (spec.type === "datetime") input.placeholder = "2026-01-31T12:00:00";
    if (spec.type === "binary") input.placeholder = "base64";
    input.value = value === undefined || value === null ? "" : String(value);
  } else {
    input = element("textarea", { id, className: "code small", rows: 3, spellcheck: false, placeholder: "JSON" });
    input.value = value === undefined ? "" : written(value);
  }
  const optional = spec.required === false;
  const wrong = element("div", { className: "wrong", hidden: true, id: `${id}-wrong` });
  input.setAttribute("aria-describedby", wrong.id);
  const label = element("label", { htmlFor: id }, element("span", {}, name), element("span", { className: "type" }, typeOf(spec) + (optional && !spec.isParam ? ", optional" : "")));
  const box = element("div", { className: isPlain(spec) ? "field" : "field wide" }, label, input, wrong);
  return { box, name, read: () => read(spec, input, wrong, optional) };
}

function read(spec, input, wrong, optional) {
  try {
    const text = jsonOf(spec, input.value, optional);
    wrong.hidden = true;
    input.removeAttribute("aria-invalid");
    return text;
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    wrong.textContent = error.message;
    wrong.hidden = false;
    input.setAttribute("aria-invalid", "true");
    throw error;
  }
}

function jsonOf(spec, given, optional) {
  const text = given.trim();
  if (text === "" && !(spec.type === "string" && isPlain(spec) && !optional)) {
    if (optional) return "null";
    throw new Wrong("A value is needed.");
  }
  if (!isPlain(spec)) {
    try {
      JSON.parse(text);
      return text;
    } catch {
      throw new Wrong("This isn't JSON.");
    }
  }
  if (spec.type === "boolean") return text;
  if (INTEGERS.includes(spec.type)) {
    if (!/^[-+]?\d+$/.test(text)) throw new Wrong("A whole number is needed.");
    return text.replace(/^\+/, "").replace(/^(-?)0+(?=\d)/, "$1");
  }
  if (FLOATS.includes(spec.type)) {
    if (!NUMBER.test(text)) throw new Wrong("A number is needed.");
    return JSON.stringify(Number(text));
  }
  return JSON.stringify(given);
}

// The example's first row, by column.
function firstRow(example) {
  if (!example) return {};
  const split = example.dataframe_split;
  if (split) return Object.fromEntries((split.columns ?? split.data?.[0]?.map((_, i) => i) ?? []).map((name, i) => [name, split.data?.[0]?.[i]]));
  const records = example.dataframe_records ?? example.instances ?? example.inputs;
  if (Array.isArray(records)) return records[0] !== null && typeof records[0] === "object" ? { ...records[0] } : {};
  if (records && typeof records === "object") return Object.fromEntries(Object.entries(records).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]));
  return {};
}

function paramsPart(specs, example) {
  if (!specs?.length) return { nodes: [], read: () => "" };
  const fields = specs.map((spec) => fieldFor({ ...spec, required: false, isParam: true }, spec.name, example?.params?.[spec.name] ?? spec.default ?? undefined));
  const set = element("fieldset", {}, element("legend", {}, "Parameters"), element("div", { className: "fields" }, ...fields.map((field) => field.box)));
  const read = () => {
    const given = fields.map((field) => [field.name, field.read()]).filter(([, text]) => text !== "null");
    return given.length ? `,"params":{${given.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}` : "";
  };
  return { nodes: [set], read };
}

// Whether a form can be made of the signature.
export const hasForm = (model) => Boolean(model.signature?.inputs?.length) && !model.kinds.includes("chat");

// Nodes to show, and `body()`: the request as JSON text, or null where a field is wrong.
export function formFor(model, example) {
  const specs = model.signature.inputs;
  const tensors = specs[0].type === "tensor";
  const named = specs.every((spec) => "name" in spec);
  const row = firstRow(example);
  const whole = example?.inputs ?? example?.instances;
  const fields = specs.map((spec, at) => {
    const value = tensors ? (named ? whole?.[spec.name] : whole) : row[named ? spec.name : at];
    return fieldFor(spec, named ? String(spec.name) : tensors ? "input" : `column ${at}`, value);
  });
  const params = paramsPart(model.signature.params, example);
  const collect = () => {
    let texts, beside;
    let wrong = false;
    const tried = (reading) => {
      try {
        return reading();
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        wrong = true;
        return null;
      }
    };
    texts = fields.map((field) => tried(field.read));
    beside = tried(params.read);
    if (wrong) return null;
    if (tensors && !named) return `{"inputs":${texts[0]}${beside}}`;
    if (tensors) return `{"inputs":{${fields.map((field, i) => `${JSON.stringify(field.name)}:${texts[i]}`).join(",")}}${beside}}`;
    const columns = named ? `"columns":${JSON.stringify(fields.map((field) => field.name))},` : "";
    return `{"dataframe_split":{${columns}"data":[[${texts.join(",")}]]}${beside}}`;
  };
  const grid = element("div", { className: "fields" }, ...fields.map((field) => field.box));
  const button = element("button", { className: "main", type: "submit" }, "Ask");
  return { nodes: [grid, ...params.nodes, element("div", { className: "row" }, button)], body: collect };
}
