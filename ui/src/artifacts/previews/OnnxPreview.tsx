import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { OnnxValueMessage } from "@/api/endpoints";
import { Facts } from "@/parts/Facts";
import { Problem } from "@/parts/Problem";
import { fields } from "../address";
import { sizeText } from "../sizes";
import type { PreviewProps } from "./index";
import "@/parts/sheet.css";

/** What an ONNX graph takes, gives and is made of: read by the server, which runs none of it. */
export default function OnnxPreview({ root, path }: PreviewProps) {
  const found = useQuery({
    queryKey: ["onnx", root, path],
    queryFn: ({ signal }) => call("artifacts.onnx", { ...fields(root), path }, signal),
  });
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <p className="soft">Loading…</p>;
  const graph = found.data;
  const operators = [...graph.operators].sort((one, other) => other.count - one.count);
  const most = operators[0]?.count ?? 1;
  return (
    <div className="model-card">
      <Facts
        facts={[
          ["ONNX version", String(graph.ir_version)],
          ["Written by", graph.producer],
          [
            "Operator sets",
            graph.opsets.map((each) => `${each.domain || "ai.onnx"} ${each.version}`).join(", "),
          ],
          ["Nodes", operators.reduce((sum, each) => sum + each.count, 0).toLocaleString("en")],
          [
            "Weights",
            `${graph.initializers.toLocaleString("en")} tensors, ${sizeText(graph.initializer_bytes)}`,
          ],
        ]}
      />
      <Values title="Inputs" values={graph.inputs} />
      <Values title="Outputs" values={graph.outputs} />
      <section aria-label="Operators">
        <h3>Operators</h3>
        <table className="sheet">
          <tbody>
            {operators.map(({ name, count }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="numeric">{count.toLocaleString("en")}</td>
                <td>
                  <meter min={0} max={most} value={count} aria-label={`${name}: ${count}`} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function Values({ title, values }: { title: string; values: OnnxValueMessage[] }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <table className="sheet">
        <tbody>
          {values.map((value) => (
            <tr key={value.name}>
              <th scope="row">{value.name}</th>
              <td>
                <code>
                  {value.type} [{value.shape.join(", ")}]
                </code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
