import "@/parts/list.css";
import { useState } from "react";
import { type Field, type Signature, typeText } from "./mlmodel";

const FIRST = 100;

/** What the model takes, gives and can be told, by name and type. */
export function SignatureTables({ signature }: { signature: Signature | undefined }) {
  if (!signature)
    return (
      <p className="soft">
        None: this model was logged without a signature or an input example, so nobody knows what it takes.
      </p>
    );
  return (
    <>
      <Fields title="Inputs" fields={signature.inputs} />
      <Fields title="Outputs" fields={signature.outputs} />
      {signature.params.length > 0 && (
        <>
          <h3>Params</h3>
          <table className="list facts-list">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Type</th>
                <th scope="col">Default</th>
              </tr>
            </thead>
            <tbody>
              {signature.params.map((each) => (
                <tr key={each.name}>
                  <th scope="row">{each.name}</th>
                  <td>
                    <code>{each.shape ? `list of ${typeText(each.type)}` : typeText(each.type)}</code>
                  </td>
                  <td>
                    <code>{JSON.stringify(each.default)}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}

function Fields({ title, fields }: { title: string; fields: Field[] }) {
  const [all, setAll] = useState(false);
  if (fields.length === 0) return null;
  const tensors = fields.some((each) => each.shape);
  return (
    <>
      <h3>
        {title} <span className="soft">{fields.length}</span>
      </h3>
      <table className="list facts-list">
        <thead>
          <tr>
            <th scope="col">{tensors ? "Tensor" : "Column"}</th>
            <th scope="col">Type</th>
            {tensors && <th scope="col">Shape</th>}
            <th scope="col">Required</th>
          </tr>
        </thead>
        <tbody>
          {(all ? fields : fields.slice(0, FIRST)).map((each, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: fields may have no name, and never change places
            <tr key={at}>
              <th scope="row">{each.name ?? <span className="soft">{`without name, ${at}`}</span>}</th>
              <td>
                <code>{typeText(each.type)}</code>
              </td>
              {tensors && (
                <td>
                  <code>{`(${each.shape?.map((size) => (size < 0 ? "any" : size)).join(", ") ?? ""})`}</code>
                </td>
              )}
              <td className={each.required ? "" : "soft"}>{each.required ? "yes" : "optional"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {fields.length > FIRST && !all && (
        <button type="button" className="quiet" onClick={() => setAll(true)}>
          Show all {fields.length.toLocaleString("en")}
        </button>
      )}
    </>
  );
}
