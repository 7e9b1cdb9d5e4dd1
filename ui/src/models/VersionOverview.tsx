import type { UseQueryResult } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { ModelVersionMessage } from "@/api/endpoints";
import { Description } from "@/parts/Description";
import { TagsEditor } from "@/parts/TagsEditor";
import { Environment, Flavors } from "./Environment";
import { Example } from "./Example";
import { FilesFacts } from "./FilesFacts";
import { Lineage } from "./Lineage";
import { Monitoring } from "./Monitoring";
import type { MlModel } from "./mlmodel";
import { SignatureTables } from "./SignatureTables";

/** What a version is, where it comes from, and what one must know to use it. */
export function VersionOverview({
  name,
  version,
  model,
  again,
}: {
  name: string;
  version: ModelVersionMessage;
  model: UseQueryResult<MlModel>;
  again: () => unknown;
}) {
  const number = version.version;
  const address = { name, version: number };
  return (
    <>
      <Description
        text={version.description ?? ""}
        queryKey={["model"]}
        onSave={(description) => call("model-versions.update", { ...address, description })}
      />
      <Lineage name={name} version={number} digest={version.digest} />
      <div className="model-parts">
        <div>
          <section aria-label="Signature">
            <h2>Signature</h2>
            {model.error ? (
              <p className="soft">The model's MLmodel file can't be read here: {model.error.message}</p>
            ) : (
              model.data && <SignatureTables signature={model.data.signature} />
            )}
          </section>
          {model.data?.example && (
            <section aria-label="Input example">
              <h2>Input example</h2>
              <Example {...address} path={model.data.example.serving ?? model.data.example.path} />
            </section>
          )}
        </div>
        <div>
          <Monitoring {...address} />
          <section aria-label="Tags">
            <h2>Tags</h2>
            <TagsEditor
              tags={(version.tags ?? []).map((each) => [each.key ?? "", each.value ?? ""])}
              onSet={(key, value) => call("model-versions.set-tag", { ...address, key, value }).then(again)}
              onDelete={(key) => call("model-versions.delete-tag", { ...address, key }).then(again)}
            />
          </section>
          <FilesFacts {...address} />
          {model.data && <Environment {...address} model={model.data} />}
          {model.data && <Flavors model={model.data} />}
        </div>
      </div>
    </>
  );
}
