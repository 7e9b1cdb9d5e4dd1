import { expect, test } from "vitest";
import { mlModelOf, type Signature } from "@/models/mlmodel";
import { parsed, pretty } from "./exact";
import { bodyOf, formOf } from "./requests";

function signature(inputs: object[], params: object[] = []): Signature {
  const found = mlModelOf({ signature: { inputs: JSON.stringify(inputs), params: JSON.stringify(params) } });
  if (!found.signature) throw new Error("no signature");
  return found.signature;
}

const COLUMNS = signature(
  [
    { type: "string", name: "maker" },
    { type: "double", name: "power" },
    { type: "long", name: "serial" },
    { type: "boolean", name: "used", required: false },
  ],
  [
    { name: "factor", type: "double", default: 2, shape: null },
    { name: "words", type: "string", default: ["a"], shape: [-1] },
  ],
);
const EXAMPLE =
  '{"dataframe_split": {"columns": ["maker", "power", "serial"], "data": [["<b>", 150.5, 9007199254740993]]}, "params": {"factor": 3}}';

test("columns are prefilled from the example, and integers stay exact", () => {
  const form = formOf(COLUMNS, parsed(EXAMPLE));
  expect(form.inputs.map((each) => [each.label, each.kind, each.text])).toEqual([
    ["maker", "text", "<b>"],
    ["power", "number", "150.5"],
    ["serial", "whole", "9007199254740993"],
    ["used", "flag", ""],
  ]);
  expect(bodyOf(COLUMNS, form, {})).toEqual({
    body:
      '{"dataframe_split": {"columns": ["maker","power","serial","used"], ' +
      '"data": [["<b>", 150.5, 9007199254740993, null]]}, "params": {"factor": 3, "words": ["a"]}}',
  });
});

test("what is wrong is told at each field", () => {
  const form = formOf(COLUMNS, undefined);
  const values = { "input 0": "", "input 1": "fast", "input 2": "1.5", "param words": "[" };
  expect(bodyOf(COLUMNS, form, values)).toEqual({
    wrong: {
      "input 1": "A number is needed.",
      "input 2": "A whole number is needed.",
      "param words": "This isn't JSON.",
    },
  });
});

const tensor = (name?: string) => ({
  type: "tensor",
  name,
  "tensor-spec": { dtype: "float32", shape: [-1, 2] },
});

test("tensors go as arrays, alone or by name", () => {
  const one = signature([tensor()]);
  expect(bodyOf(one, formOf(one, { inputs: [[1, 2]] }), {})).toEqual({ body: '{"inputs": [[1, 2]]}' });
  const two = signature([tensor("a"), tensor("b")]);
  const form = formOf(two, { inputs: { a: [[1, 2]], b: [[3, 4]] } });
  expect(bodyOf(two, form, {})).toEqual({ body: '{"inputs": {"a": [[1, 2]], "b": [[3, 4]]}}' });
});

test("columns without names go by their place", () => {
  const given = signature([{ type: "double" }, { type: "double" }]);
  const form = formOf(given, { dataframe_split: { data: [[1, 2]] } });
  expect(bodyOf(given, form, {})).toEqual({ body: '{"dataframe_split": {"data": [[1, 2]]}}' });
});

test("answers are indented as they came", () => {
  expect(pretty('{"predictions": [1.10, NaN, {}], "a": "b, {c}"}')).toBe(
    '{\n  "predictions": [\n    1.10,\n    NaN,\n    {}\n  ],\n  "a": "b, {c}"\n}',
  );
});
