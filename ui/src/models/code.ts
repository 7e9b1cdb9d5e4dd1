/** How a version is loaded, asked and served: code that works as it stands, with this server's address. */

import { isChat, type MlModel } from "./mlmodel";

export const DEFAULT_PORT = 5001;
const LONGEST_LITERAL = 1_500; // characters; a longer example is loaded from the model's folder instead
const ROWS = 2;

export const serverAddress = (): string => document.baseURI.replace(/\/$/, "");

/** uri: what names the version. example: the body of a request, as the model's folder has it. */
export interface Subject {
  server: string;
  uri: string;
  name: string;
  model: MlModel | undefined;
  example: unknown;
}

export interface Sample {
  id: string;
  title: string;
  parts: { label: string; code: string }[];
}

export function samples(subject: Subject): Sample[] {
  const chat = subject.model !== undefined && isChat(subject.model);
  const found: Sample[] = [
    {
      id: "python",
      title: "Python",
      parts: [
        { label: "Load it and ask it", code: python(subject, chat) },
        ...own(subject).map((code) => ({ label: "As the framework's own object", code })),
      ],
    },
    {
      id: "serve",
      title: "Serve",
      parts: [
        { label: "Serve it on this machine", code: serve(subject) },
        {
          label: "Compare its files with their digests",
          code: `${variable(subject)}\nheadrace models verify ${word(subject.uri)}`,
        },
      ],
    },
    { id: "curl", title: "curl", parts: [{ label: "Ask the served model", code: curl(subject, chat) }] },
  ];
  if (chat)
    found.push({
      id: "openai",
      title: "OpenAI client",
      parts: [{ label: "Ask it as one asks OpenAI", code: openai(subject) }],
    });
  return found;
}

/** What lets this page ask the served model. */
export function serve(
  subject: Pick<Subject, "server" | "uri">,
  origin?: string,
  port = DEFAULT_PORT,
): string {
  const cors = origin ? ` --cors-allowed-origins ${word(origin)}` : "";
  return `${variable(subject)}\nheadrace models serve -m ${word(subject.uri)} --port ${port}${cors}`;
}

const variable = ({ server }: Pick<Subject, "server">): string =>
  `export MLFLOW_TRACKING_URI=${word(server)}`;

function python({ server, uri, model, example }: Subject, chat: boolean): string {
  const asked = chat
    ? { imports: [], lines: [], call: 'model.predict({"messages": [{"role": "user", "content": "Hello"}]})' }
    : asking(example, model);
  return [
    ...asked.imports,
    "import headrace as mlflow",
    "",
    `mlflow.set_tracking_uri(${literal(server)})`,
    `model = mlflow.pyfunc.load_model(${literal(uri)})`,
    ...asked.lines,
    `print(${asked.call})`,
    "",
  ].join("\n");
}

interface Asking {
  imports: string[];
  lines: string[];
  call: string;
}

function asking(example: unknown, model: MlModel | undefined): Asking {
  if (!isTable(example)) return guessed(model);
  const params = isTable(example.params) ? `, params=${literal(example.params)}` : "";
  const given = input(example);
  if (!given || given.text.length > LONGEST_LITERAL)
    return { imports: [], lines: [], call: `model.predict(model.input_example${params})` };
  return { imports: given.imports, lines: [`given = ${given.text}`], call: `model.predict(given${params})` };
}

/** Without an example, the columns at least are named. */
function guessed(model: MlModel | undefined): Asking {
  const inputs = model?.signature?.inputs ?? [];
  const columns = inputs.flatMap((each) => each.name ?? []);
  if (columns.length === 0 || inputs.some((each) => each.shape))
    return { imports: [], lines: [], call: "model.predict(...)" };
  return {
    imports: ["import pandas as pd"],
    lines: [`given = ${frame([columns.map(() => "...")], columns)}`],
    call: "model.predict(given)",
  };
}

/** The example's input as Python writes it. */
function input(example: Record<string, unknown>): { imports: string[]; text: string } | undefined {
  const split = example.dataframe_split;
  if (isTable(split) && Array.isArray(split.data)) {
    const rows = split.data.slice(0, ROWS).map((row) => (Array.isArray(row) ? row : [row]).map(literal));
    return { imports: ["import pandas as pd"], text: frame(rows, split.columns) };
  }
  const arrays = example.inputs ?? example.instances;
  if (Array.isArray(arrays) && typeof arrays.flat(9)[0] === "number")
    return { imports: ["import numpy as np"], text: `np.array(${literal(arrays)})` };
  if (arrays !== undefined) return { imports: [], text: literal(arrays) };
  return undefined;
}

function frame(rows: string[][], columns: unknown): string {
  const named = columns === undefined ? [] : [`    columns=${literal(columns)},`];
  return [
    "pd.DataFrame(",
    `    [${rows.map((row) => `[${row.join(", ")}]`).join(", ")}],`,
    ...named,
    ")",
  ].join("\n");
}

/** The flavor's own loader, where there is one. */
function own({ server, uri, model }: Subject): string[] {
  const flavor = model?.flavors.find((each) => each.name !== "python_function")?.name;
  if (!flavor || !/^[a-z_]+$/.test(flavor)) return [];
  return [
    [
      "import headrace as mlflow",
      "",
      `mlflow.set_tracking_uri(${literal(server)})`,
      `model = mlflow.${flavor}.load_model(${literal(uri)})`,
      "",
    ].join("\n"),
  ];
}

function curl({ example, model, name }: Subject, chat: boolean): string {
  const [path, body] = chat
    ? ["v1/chat/completions", { model: name, messages: [{ role: "user", content: "Hello" }] }]
    : ["invocations", shortened(example) ?? empty(model)];
  const text = JSON.stringify(body);
  return [
    `curl http://127.0.0.1:${DEFAULT_PORT}/${path} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d ${word(text)}`,
  ].join("\n");
}

function openai({ name }: Subject): string {
  return `from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:${DEFAULT_PORT}/v1", api_key="none")
stream = client.chat.completions.create(
    model=${literal(name)}, messages=[{"role": "user", "content": "Hello"}], stream=True
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="")
`;
}

function shortened(example: unknown): unknown {
  if (!isTable(example)) return undefined;
  const split = example.dataframe_split;
  if (!isTable(split) || !Array.isArray(split.data)) return example;
  return { ...example, dataframe_split: { ...split, data: split.data.slice(0, ROWS) } };
}

function empty(model: MlModel | undefined): unknown {
  const inputs = model?.signature?.inputs ?? [];
  if (inputs.length === 0 || inputs.some((each) => each.shape)) return { inputs: [] };
  return { dataframe_split: { columns: inputs.map((each, at) => each.name ?? at), data: [] } };
}

const isTable = (given: unknown): given is Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

/** A value as Python writes it. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (isTable(value))
    return `{${Object.entries(value)
      .map(([key, each]) => `${literal(key)}: ${literal(each)}`)
      .join(", ")}}`;
  if (typeof value === "number" && !Number.isFinite(value)) return `float("${value}")`;
  return JSON.stringify(value);
}

/** As one word of a shell. */
export const word = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
