import { expect, test } from "vitest";
import { isChat, readMlModel, typeText } from "./mlmodel";

const SKLEARN = `
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {sklearn_version: 1.9.1, pickled_model: model.skops}
model_size_bytes: 11935
run_id: 5d2aa3d0
saved_input_example_info:
  artifact_path: input_example.json
  serving_input_path: serving_input_example.json
  type: dataframe
signature:
  inputs: '[{"type": "double", "name": "alcohol", "required": true}, {"type": "long",
    "name": "year", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 3]}}]'
  params: '[{"name": "temperature", "default": 1.0, "shape": null, "type": "double"},
    {"name": "names", "default": ["a"], "shape": [-1], "type": "string"}]'
`;

test("columns, tensors and parameters are read as MLflow writes them", async () => {
  const model = await readMlModel(SKLEARN);
  expect(model.flavors.map((each) => each.name)).toEqual(["python_function", "sklearn"]);
  expect(model.signature?.inputs).toEqual([
    { name: "alcohol", type: { name: "double" }, shape: undefined, required: true },
    { name: "year", type: { name: "long" }, shape: undefined, required: false },
  ]);
  expect(model.signature?.outputs[0]).toEqual({
    name: undefined,
    type: { name: "int64" },
    shape: [-1, 3],
    required: true,
  });
  expect(model.signature?.params[1]).toEqual({
    name: "names",
    type: { name: "string" },
    shape: [-1],
    default: ["a"],
  });
  expect(model.example).toEqual({
    path: "input_example.json",
    serving: "serving_input_example.json",
    type: "dataframe",
  });
  expect(model.sizeBytes).toBe(11935);
  expect(isChat(model)).toBe(false);
});

test("nested types are said in one line", async () => {
  const model = await readMlModel(`
signature:
  inputs: '[{"type": "array", "items": {"type": "object", "properties": {"role": {"type": "string", "required": true},
    "name": {"type": "string", "required": false}}}, "name": "messages"},
    {"type": "map", "values": {"type": "any"}, "name": "extra", "required": false}]'`);
  expect(model.signature?.inputs.map((each) => typeText(each.type))).toEqual([
    "array of {role: string, name?: string}",
    "map of any",
  ]);
  expect(isChat(model)).toBe(true);
});

test.each(["metadata: {task: llm/v1/chat}", "flavors: {transformers: {task: llm/v1/chat}}"])(
  "%s is a chat",
  async (text) => {
    expect(isChat(await readMlModel(text))).toBe(true);
  },
);

test("what isn't an MLmodel is told; a broken schema is as none", async () => {
  await expect(readMlModel("- a list")).rejects.toThrow("isn't a table");
  await expect(readMlModel("a: [")).rejects.toThrow();
  expect((await readMlModel("signature: {inputs: 'not JSON'}")).signature?.inputs).toEqual([]);
});

test("references that grow without end are refused", async () => {
  const lines = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (const [at, name] of [..."bcdefgh"].entries())
    lines.push(`${name}: &${name} [${Array(9).fill(`*${"abcdefg"[at]}`).join(", ")}]`);
  await expect(readMlModel(lines.join("\n"))).rejects.toThrow();
});
