import type { DatasetInputMessage, RunMessage } from "@/api/endpoints";
import { Chip } from "@/parts/Chip";
import { Facts } from "@/parts/Facts";
import { Snippet } from "@/parts/Snippet";
import { datasetOf } from "./datasets";
import "@/parts/sheet.css";

/** The data that the run read: where it came from, which state of it, and what was in it. */
export default function DatasetsTab({ run }: { run: RunMessage }) {
  const inputs = run.inputs?.dataset_inputs ?? [];
  if (inputs.length === 0)
    return (
      <div className="empty">
        <p>The run doesn't say which data it read. It does with:</p>
        <Snippet
          label="Python"
          code={'mlflow.log_input(mlflow.data.from_pandas(frame, source="wines.csv"), context="training")'}
        />
      </div>
    );
  return (
    <div className="datasets">
      {inputs.map((input) => (
        <Dataset key={`${input.dataset.name}/${input.dataset.digest}`} input={input} />
      ))}
    </div>
  );
}

function Dataset({ input }: { input: DatasetInputMessage }) {
  const { name, digest, source_type: kind } = input.dataset;
  const { source, schema, profile } = datasetOf(input.dataset);
  const context = input.tags?.find((tag) => tag.key === "mlflow.data.context")?.value;
  const parts = schema.some((column) => column.part);
  return (
    <section className="dataset" aria-label={name}>
      <div className="toolbar">
        <h2>{name}</h2>
        {context && <Chip tone="accent">{context}</Chip>}
      </div>
      <Facts facts={[["Digest", digest], ["Source", source], ["Kind of source", kind], ...profile]} />
      {schema.length > 0 && (
        <details open={schema.length <= 30}>
          <summary>
            Schema <span className="soft">{schema.length} columns</span>
          </summary>
          <table className="sheet">
            <thead>
              <tr>
                <th scope="col">Column</th>
                <th scope="col">Type</th>
                {parts && <th scope="col">Part</th>}
              </tr>
            </thead>
            <tbody>
              {schema.map((column) => (
                <tr key={`${column.part}/${column.name}`}>
                  <td>{column.name}</td>
                  <td>
                    <code>{column.type}</code>
                  </td>
                  {parts && <td className="soft">{column.part}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}
