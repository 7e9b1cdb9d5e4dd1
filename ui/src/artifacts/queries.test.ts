import { expect, test } from "vitest";
import { level, placeOfUri } from "./queries";

test.each([
  ["runs:/abc/model", { runId: "abc", below: "model" }],
  ["runs:/abc", { runId: "abc" }],
  ["models:/m-12", { modelId: "m-12" }],
  ["mlflow-artifacts:/1/abc/artifacts/my%20model", { proxy: true, below: "1/abc/artifacts/my model" }],
  ["s3://bucket/model", undefined],
  ["models:/wine/3", undefined],
])("the files of %s", (uri, place) => {
  expect(placeOfUri(uri)).toEqual(place);
});

test("a list of all files is shown a level at a time", () => {
  const files = [
    { path: "MLmodel", size_bytes: 1 },
    { path: "code/a.py", size_bytes: 2 },
    { path: "code/deep/b.py", size_bytes: 3 },
  ];
  expect(level(files, "")).toEqual([
    { path: "MLmodel", folder: false, size: 1 },
    { path: "code", folder: true },
  ]);
  expect(level(files, "code")).toEqual([
    { path: "code/a.py", folder: false, size: 2 },
    { path: "code/deep", folder: true },
  ]);
});
