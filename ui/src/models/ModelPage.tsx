import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { call } from "@/api/call";
import { Crumbs } from "@/parts/Crumbs";
import { Description } from "@/parts/Description";
import { Facts } from "@/parts/Facts";
import { Menu } from "@/parts/Menu";
import { Problem } from "@/parts/Problem";
import { Snippet } from "@/parts/Snippet";
import { TagsEditor } from "@/parts/TagsEditor";
import { exactTime } from "@/parts/times";
import { useCommand } from "@/shell/commands";
import { AliasDialog } from "./AliasDialog";
import { Aliases } from "./Aliases";
import { serverAddress } from "./code";
import { Gates } from "./Gates";
import { History } from "./History";
import { DeleteModelDialog, DeleteVersionDialog, RenameModelDialog } from "./ModelDialogs";
import { modelOf, policyOf, versionPages } from "./queries";
import { VersionsTable } from "./VersionsTable";
import "@/parts/controls.css";
import "./models.css";

type Asked =
  | { act: "rename" | "delete-model" }
  | { act: "alias"; version: string; alias?: string }
  | { act: "delete"; version: string };

export function ModelPage() {
  const { name } = useParams({ from: "/models/$name" });
  const { pick = "" } = useSearch({ from: "/models/$name" });
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const model = useQuery(modelOf(name));
  const pages = useInfiniteQuery(versionPages(name));
  const policy = useQuery(policyOf(name));
  useCommand({ id: "rename-model", title: `Rename ${name}`, act: () => setAsked({ act: "rename" }) });
  useCommand({ id: "delete-model", title: `Delete ${name}`, act: () => setAsked({ act: "delete-model" }) });
  if (model.error) return <Problem error={model.error} retry={() => model.refetch()} />;
  const found = model.data?.registered_model;
  if (!found) return <p className="empty soft">Loading…</p>;
  const versions = pages.data?.pages.flatMap((page) => page.model_versions ?? []) ?? [];
  const aliases = found.aliases ?? [];
  const close = () => setAsked(null);
  const again = () => queries.invalidateQueries({ queryKey: ["model", name] });
  return (
    <div className="page">
      <div className="toolbar model-head">
        <Crumbs title={name}>
          <Link to="/models">Models</Link>
        </Crumbs>
        <span className="rest" />
        <Menu
          label="Actions"
          items={[
            { title: "Rename", act: () => setAsked({ act: "rename" }) },
            { title: "Delete", danger: true, act: () => setAsked({ act: "delete-model" }) },
          ]}
        />
      </div>
      <Description
        text={found.description ?? ""}
        queryKey={["model"]}
        onSave={(description) => call("registered-models.update", { name, description })}
      />
      <section aria-label="Versions">
        <h2 className="section-head">
          Versions{" "}
          {pages.isSuccess && (
            <span className="soft">{`${versions.length}${pages.hasNextPage ? "+" : ""}`}</span>
          )}
        </h2>
        {pages.error && <Problem error={pages.error} retry={() => pages.refetch()} />}
        {pages.isSuccess && versions.length === 0 && <NoVersions name={name} />}
        {versions.length > 0 && (
          <VersionsTable
            name={name}
            versions={versions}
            aliases={aliases}
            policy={policy.data?.policy}
            picked={pick ? pick.split(",") : []}
            onAct={(act, version) => setAsked({ act, version })}
          />
        )}
        {pages.hasNextPage && (
          <button
            type="button"
            className="button"
            disabled={pages.isFetching}
            onClick={() => pages.fetchNextPage()}
          >
            More
          </button>
        )}
      </section>
      <div className="model-parts">
        <div>
          <Aliases
            name={name}
            aliases={aliases}
            onMove={(each) =>
              setAsked({ act: "alias", alias: each.alias, version: versions[0]?.version ?? each.version })
            }
          />
          {policy.data && <Gates name={name} policy={policy.data.policy} />}
          <section aria-label="Tags">
            <h2>Tags</h2>
            <TagsEditor
              tags={(found.tags ?? []).map((each) => [each.key ?? "", each.value ?? ""])}
              onSet={(key, value) => call("registered-models.set-tag", { name, key, value }).then(again)}
              onDelete={(key) => call("registered-models.delete-tag", { name, key }).then(again)}
            />
          </section>
          <Facts
            facts={[
              ["Made", exactTime(found.creation_timestamp)],
              ["Changed", exactTime(found.last_updated_timestamp)],
            ]}
          />
        </div>
        <History name={name} aliases={aliases.map((each) => each.alias)} />
      </div>
      {asked?.act === "rename" && <RenameModelDialog name={name} onClose={close} />}
      {asked?.act === "delete-model" && (
        <DeleteModelDialog
          name={name}
          versions={versions.length}
          more={pages.hasNextPage}
          aliases={aliases.map((each) => each.alias)}
          onClose={close}
        />
      )}
      {asked?.act === "alias" && (
        <AliasDialog
          name={name}
          version={asked.version}
          versions={versions.map((each) => each.version)}
          alias={asked.alias}
          aliases={aliases}
          onClose={close}
        />
      )}
      {asked?.act === "delete" && (
        <DeleteVersionDialog
          name={name}
          version={asked.version}
          aliases={aliases.flatMap((each) => (each.version === asked.version ? [each.alias] : []))}
          onClose={close}
        />
      )}
    </div>
  );
}

function NoVersions({ name }: { name: string }) {
  return (
    <div className="empty teaching">
      <p>No versions yet. A run that logs a model under this name makes one:</p>
      <Snippet
        label="Python"
        code={`import headrace as mlflow

mlflow.set_tracking_uri("${serverAddress()}")
with mlflow.start_run():
    mlflow.sklearn.log_model(model, name="model", registered_model_name=${JSON.stringify(name)})
`}
      />
    </div>
  );
}
