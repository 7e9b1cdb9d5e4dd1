import { useQuery } from "@tanstack/react-query";
import { type MlModel, readMlModel } from "@/models/mlmodel";
import { SignatureTables } from "@/models/SignatureTables";
import { Facts } from "@/parts/Facts";
import { Problem } from "@/parts/Problem";
import { fileAddress, folderOf, joined, type Root } from "../address";
import { readAll, textOf } from "../read";
import { sizeText } from "../sizes";
import type { PreviewProps } from "./index";
import { cellOf } from "./rows";
import TextPreview from "./TextPreview";
import "@/models/models.css";
import "@/parts/sheet.css";

const MOST_BYTES = 5_000_000;

/** What a model's folder says of it: what it takes and gives, how it is loaded, what it needs. */
export default function MlmodelPreview(given: PreviewProps) {
  const { root, path, url } = given;
  const found = useQuery({
    queryKey: ["file-mlmodel", url],
    queryFn: async ({ signal }) => {
      const text = textOf(await readAll(url, MOST_BYTES, signal));
      return await readMlModel(text).catch((failed: Error) => failed);
    },
  });
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <p className="soft">Loading…</p>;
  if (found.data instanceof Error)
    return (
      <>
        <p className="soft">It can't be read as an MLmodel: {found.data.message}</p>
        <TextPreview {...given} />
      </>
    );
  return <ModelCard model={found.data} root={root} folder={folderOf(path)} />;
}

export function ModelCard({ model, root, folder }: { model: MlModel; root: Root; folder: string }) {
  return (
    <div className="model-card">
      <Facts
        facts={[
          ["Made", model.madeAt],
          ["Size", sizeText(model.sizeBytes)],
          ["Task", model.task],
          ["MLflow's format of", model.mlflowVersion],
          ["Logged model", model.modelId],
          ["Example", model.example?.path],
        ]}
      />
      <section aria-label="Signature">
        <h3>Signature</h3>
        <SignatureTables signature={model.signature} />
      </section>
      <section aria-label="Flavors">
        <h3>Flavors</h3>
        {model.flavors.map(({ name, facts }) => (
          <details key={name}>
            <summary>{name}</summary>
            <table className="sheet">
              <tbody>
                {Object.entries(facts).map(([key, value]) => (
                  <tr key={key}>
                    <th scope="row">{key}</th>
                    <td>{cellOf(value)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        ))}
      </section>
      <Requirements root={root} path={joined(folder, "requirements.txt")} />
    </div>
  );
}

function Requirements({ root, path }: { root: Root; path: string }) {
  const url = fileAddress(root, path);
  const found = useQuery({
    queryKey: ["file-requirements", url],
    retry: false,
    queryFn: async ({ signal }) => textOf(await readAll(url, 200_000, signal)),
  });
  if (!found.data) return null;
  return (
    <section aria-label="Requirements">
      <h3>Requirements</h3>
      <pre className="requirements">{found.data.trim()}</pre>
    </section>
  );
}
