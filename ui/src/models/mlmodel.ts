/** The MLmodel file, as MLflow 1 to 3 and Headrace write it: what a model says about itself. Reading runs nothing. */

type Table = Record<string, unknown>;

/** A type in the words of a signature; nested for arrays, objects and maps. */
export interface ValueType {
  name: string;
  items?: ValueType;
  properties?: { name: string; type: ValueType; required: boolean }[];
}

/** One column or tensor. shape: of tensors; -1 where a dimension varies. */
export interface Field {
  name: string | undefined;
  type: ValueType;
  shape: number[] | undefined;
  required: boolean;
}

/** One parameter of predict. shape: undefined for one value, [-1] for a list. */
export interface Parameter {
  name: string;
  type: ValueType;
  shape: number[] | undefined;
  default: unknown;
}

export interface Signature {
  inputs: Field[];
  outputs: Field[];
  params: Parameter[];
}

/** example: the files of the input example; serving: as a request. */
export interface MlModel {
  flavors: { name: string; facts: Table }[];
  signature: Signature | undefined;
  example: { path: string; serving: string | undefined; type: string } | undefined;
  task: string | undefined;
  metadata: Table;
  runId: string | undefined;
  modelId: string | undefined;
  madeAt: string | undefined;
  sizeBytes: number | undefined;
  mlflowVersion: string | undefined;
}

export async function readMlModel(text: string): Promise<MlModel> {
  const document = await readYaml(text);
  if (!isTable(document)) throw new Error("This MLmodel isn't a table of keys.");
  return mlModelOf(document);
}

/** YAML's plain data; the library is fetched when the first file is read. */
export async function readYaml(text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  return parse(text, { logLevel: "error" }) as unknown;
}

export function mlModelOf(document: Table): MlModel {
  const metadata = table(document.metadata);
  const flavors = Object.entries(table(document.flavors)).map(([name, facts]) => ({
    name,
    facts: table(facts),
  }));
  const example = table(document.saved_input_example_info);
  const task = metadata.task ?? flavors.map((each) => each.facts.task).find(Boolean);
  return {
    flavors,
    signature: signatureOf(document.signature),
    example: example.artifact_path
      ? {
          path: String(example.artifact_path),
          serving: word(example.serving_input_path),
          type: String(example.type ?? ""),
        }
      : undefined,
    task: word(task),
    metadata,
    runId: word(document.run_id),
    modelId: word(document.model_id),
    madeAt: word(document.utc_time_created),
    sizeBytes: typeof document.model_size_bytes === "number" ? document.model_size_bytes : undefined,
    mlflowVersion: word(document.mlflow_version),
  };
}

/** Whether a chat is how one talks to it. */
export function isChat(model: MlModel): boolean {
  return (
    Boolean(model.task?.endsWith("/chat")) ||
    Boolean(
      model.signature?.inputs.some((each) => each.name === "messages" && each.type.items?.properties?.length),
    )
  );
}

/** The type as one says it: double, array of string, {role: string, content?: string}. */
export function typeText(type: ValueType, shape?: number[]): string {
  if (shape) return `${type.name} (${shape.map((each) => (each < 0 ? "any" : each)).join(", ")})`;
  if (type.name === "array") return `array of ${type.items ? typeText(type.items) : "any"}`;
  if (type.name === "map") return `map of ${type.items ? typeText(type.items) : "any"}`;
  if (type.properties) {
    const parts = type.properties.map(
      (each) => `${each.name}${each.required ? "" : "?"}: ${typeText(each.type)}`,
    );
    return `{${parts.join(", ")}}`;
  }
  return type.name;
}

function signatureOf(given: unknown): Signature | undefined {
  if (!isTable(given)) return undefined;
  return {
    inputs: specs(given.inputs).map(field),
    outputs: specs(given.outputs).map(field),
    params: specs(given.params).map((spec) => ({
      name: String(spec.name ?? ""),
      type: typeOf({ ...spec, type: spec.type ?? spec.dtype }), // MLflow 2.4 and 2.5 wrote dtype
      shape: shapeOf(spec.shape),
      default: spec.default,
    })),
  };
}

/** A schema is JSON text inside the YAML; one that isn't is as good as none. */
function specs(given: unknown): Table[] {
  let found = given;
  if (typeof given === "string") {
    try {
      found = JSON.parse(given);
    } catch {
      return [];
    }
  }
  return Array.isArray(found) ? found.filter(isTable) : [];
}

function field(spec: Table): Field {
  const tensor = table(spec["tensor-spec"]);
  const isTensor = spec.type === "tensor";
  return {
    name: word(spec.name),
    type: isTensor ? { name: String(tensor.dtype ?? "tensor") } : typeOf(spec),
    shape: isTensor ? (shapeOf(tensor.shape) ?? []) : undefined,
    required: spec.required !== false && spec.optional !== true,
  };
}

function typeOf(spec: Table): ValueType {
  const name = String(spec.type ?? "any");
  if (name === "array") return { name, items: typeOf(table(spec.items)) };
  if (name === "map") return { name, items: typeOf(table(spec.values)) };
  if (name !== "object") return { name };
  return {
    name,
    properties: Object.entries(table(spec.properties)).map(([key, inner]) => ({
      name: key,
      type: typeOf(table(inner)),
      required: table(inner).required !== false,
    })),
  };
}

function shapeOf(given: unknown): number[] | undefined {
  return Array.isArray(given) ? given.map(Number) : undefined;
}

function isTable(given: unknown): given is Table {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

const table = (given: unknown): Table => (isTable(given) ? given : {});

const word = (given: unknown): string | undefined =>
  given === undefined || given === null || given === "" ? undefined : String(given);
