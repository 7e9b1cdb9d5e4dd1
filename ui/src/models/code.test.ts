import { expect, test } from "vitest";
import { literal, samples, serve, word } from "./code";
import { mlModelOf } from "./mlmodel";

const SERVER = "http://127.0.0.1:5000";

const subject = (document: Record<string, unknown>, example?: unknown) => ({
  server: SERVER,
  uri: "models:/wine/3",
  name: "wine",
  model: mlModelOf(document),
  example,
});

const text = (id: string, given: ReturnType<typeof subject>) =>
  samples(given)
    .find((each) => each.id === id)
    ?.parts.map((each) => each.code)
    .join("\n");

test("the example's first rows are asked, with its parameters", () => {
  const example = {
    dataframe_split: {
      columns: ["a", "b"],
      data: [
        [1.5, null],
        [2, true],
        [3, 3],
      ],
    },
    params: { t: 0.5 },
  };
  const given = subject({ flavors: { python_function: {}, sklearn: {} } }, example);
  expect(text("python", given)).toContain(
    'given = pd.DataFrame(\n    [[1.5, None], [2, True]],\n    columns=["a", "b"],\n)\nprint(model.predict(given, params={"t": 0.5}))',
  );
  expect(text("python", given)).toContain('mlflow.sklearn.load_model("models:/wine/3")');
  expect(text("curl", given)).toContain('"data":[[1.5,null],[2,true]]');
  expect(text("openai", given)).toBeUndefined();
});

test("a large example is loaded with the model", () => {
  const example = { inputs: Array(1_000).fill(0.5) };
  expect(text("python", subject({}, example))).toContain("model.predict(model.input_example)");
});

test("a chat is asked as one", () => {
  const given = subject({ metadata: { task: "llm/v1/chat" } });
  expect(text("python", given)).toContain('model.predict({"messages"');
  expect(text("curl", given)).toContain("/v1/chat/completions");
  expect(text("openai", given)).toContain('base_url="http://127.0.0.1:5001/v1"');
});

test("without an example the columns are named", () => {
  const inputs = '[{"type": "double", "name": "a"}, {"type": "double", "name": "b"}]';
  expect(text("python", subject({ signature: { inputs } }))).toContain(
    'pd.DataFrame(\n    [[..., ...]],\n    columns=["a", "b"],\n)',
  );
});

test("the command lets a page ask", () => {
  expect(serve({ server: SERVER, uri: "models:/wine/3" }, SERVER)).toBe(
    `export MLFLOW_TRACKING_URI=${SERVER}\n` +
      `headrace models serve -m models:/wine/3 --port 5001 --cors-allowed-origins ${SERVER}`,
  );
});

test("names with quotes and spaces stay one word, and text", () => {
  expect(word("models:/it's mine/1")).toBe("'models:/it'\\''s mine/1'");
  expect(literal({ 'a"b': Number.NaN })).toBe('{"a\\"b": float("NaN")}');
});
