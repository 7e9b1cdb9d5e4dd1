import { type Field, type Parameter, type Signature, typeText } from "@/models/mlmodel";
import "@/parts/sheet.css";

/** What a model takes and gives, a line for each column, tensor or parameter. */
export function SignatureTable({ signature }: { signature: Signature }) {
  return (
    <table className="sheet signature">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Type</th>
          <th scope="col">Default</th>
        </tr>
      </thead>
      <Part title="Inputs" rows={signature.inputs.map(fieldRow)} />
      <Part title="Outputs" rows={signature.outputs.map(fieldRow)} />
      <Part title="Params" rows={signature.params.map(paramRow)} />
    </table>
  );
}

interface Line {
  name: string;
  type: string;
  note: string;
}

const fieldRow = (field: Field, at: number): Line => ({
  name: field.name ?? `(${at + 1})`,
  type: typeText(field.type, field.shape),
  note: field.required ? "" : "optional",
});

const paramRow = (param: Parameter): Line => ({
  name: param.name,
  type: param.shape ? `list of ${typeText(param.type)}` : typeText(param.type),
  note: param.default === undefined ? "" : JSON.stringify(param.default),
});

function Part({ title, rows }: { title: string; rows: Line[] }) {
  if (rows.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={3}>
          {title} <span className="soft">{rows.length}</span>
        </th>
      </tr>
      {rows.map((row) => (
        <tr key={row.name}>
          <td>{row.name}</td>
          <td>
            <code>{row.type}</code>
          </td>
          <td className="soft">{row.note}</td>
        </tr>
      ))}
    </tbody>
  );
}
