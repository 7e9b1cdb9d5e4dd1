import { expect, test } from "vitest";
import { datasetOf } from "./datasets";

test("columns, tensors and a profile are read", () => {
  const frame = datasetOf({
    name: "wines",
    digest: "1",
    source: '{"uri": "wines.csv"}',
    schema:
      '{"mlflow_colspec": [{"type": "double", "name": "alcohol", "required": true}, {"type": "long", "name": "year", "required": false}]}',
    profile: '{"num_rows": 1000, "num_elements": 4000}',
  });
  expect(frame.source).toBe("wines.csv");
  expect(frame.schema).toEqual([
    { name: "alcohol", type: "double", part: "" },
    { name: "year", type: "long", part: "may be missing" },
  ]);
  expect(frame.profile).toEqual([
    ["Rows", "1,000"],
    ["Elements", "4,000"],
  ]);
  const arrays = datasetOf({
    name: "digits",
    digest: "2",
    schema: JSON.stringify({
      mlflow_tensorspec: {
        features: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 28]}}]',
        targets: null,
      },
    }),
  });
  expect(arrays.schema).toEqual([{ name: "(1)", type: "float32 [-1, 28]", part: "features" }]);
});

test("what isn't JSON is shown as it is, or left out", () => {
  const found = datasetOf({ name: "x", digest: "1", source: "s3://bucket", schema: "{", profile: "[]" });
  expect(found).toEqual({ source: "s3://bucket", schema: [], profile: [] });
});
