import { expect, test } from "vitest";
import { ofRequirements, ofYaml, together } from "./packages";

test("what a project's run had", () => {
  expect(ofRequirements("# Python 3.11.4\nnumpy==2.1.0\nscikit-learn==1.5.2\n")).toEqual({
    python: "3.11.4",
    versions: { numpy: "2.1.0", "scikit-learn": "1.5.2" },
  });
});

test("requirements in all their forms", () => {
  const text = [
    "# a note",
    "Scikit_Learn[extra]==1.5  # pinned",
    "pandas>=2,<3 ; python_version > '3.9'",
    "torch",
    "mlflow == 3.1.0",
    "-c constraints.txt",
    "--index-url https://example.org",
    "certifi==2024.2 \\",
    "    --hash=sha256:abc",
    "thing @ git+https://example.org/thing",
  ].join("\n");
  expect(ofRequirements(text).versions).toEqual({
    "scikit-learn": "1.5",
    pandas: ">=2,<3",
    torch: "",
    mlflow: "3.1.0",
    certifi: "2024.2",
    thing: "@ git+https://example.org/thing",
  });
});

test("the environment files of a model", () => {
  expect(
    ofYaml("python: 3.11.9\nbuild_dependencies:\n- pip==24\ndependencies:\n- -r requirements.txt\n"),
  ).toEqual({
    python: "3.11.9",
    versions: {},
  });
  const conda = "dependencies:\n- python=3.10.2\n- pip<=23\n- libgomp=12\n- pip:\n  - numpy==1.26\n";
  expect(ofYaml(conda)).toEqual({
    python: "3.10.2",
    versions: { pip: "<=23", libgomp: "12", numpy: "1.26" },
  });
});

test.each(["", "- a\n- b", "a: [", "just text"])("a file that says nothing: %j", (text) => {
  expect(ofYaml(text).versions).toEqual({});
});

test("the first file that tells something wins", () => {
  const found = together([
    { versions: { numpy: "2" } },
    { python: "3.11", versions: { numpy: "1", torch: "2.4" } },
    { python: "3.9", versions: {} },
  ]);
  expect(found).toEqual({ python: "3.11", versions: { numpy: "2", torch: "2.4" } });
});
