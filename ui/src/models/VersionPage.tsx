import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import type { ModelVersionMessage } from "@/api/endpoints";
import { ArtifactBrowser } from "@/artifacts/ArtifactBrowser";
import { Crumbs } from "@/parts/Crumbs";
import { Facts } from "@/parts/Facts";
import { Menu } from "@/parts/Menu";
import { Problem } from "@/parts/Problem";
import { TabPanel, Tabs } from "@/parts/Tabs";
import { exactTime } from "@/parts/times";
import { useCommand } from "@/shell/commands";
import { AliasDialog } from "./AliasDialog";
import { DeleteVersionDialog } from "./ModelDialogs";
import { OwnAliases } from "./OwnAliases";
import { mlModelOf, modelOf, versionOf } from "./queries";
import { UseIt } from "./UseIt";
import { VersionOverview } from "./VersionOverview";
import "@/parts/controls.css";
import "./models.css";

const TryIt = lazy(() => import("@/serve/TryIt"));
const TABS = [
  { id: "overview", title: "Overview" },
  { id: "files", title: "Files" },
  { id: "use", title: "Load and serve" },
  { id: "try", title: "Try it" },
];

export function VersionPage() {
  const { name, version } = useParams({ from: "/models/$name/versions/$version" });
  const { tab = "overview", path = "" } = useSearch({ from: "/models/$name/versions/$version" });
  const navigate = useNavigate({ from: "/models/$name/versions/$version" });
  const queries = useQueryClient();
  const [asked, setAsked] = useState<"alias" | "delete" | null>(null);
  const found = useQuery(versionOf(name, version));
  const registered = useQuery(modelOf(name));
  const model = useQuery(mlModelOf(name, version));
  useCommand({ id: "set-alias", title: `Set an alias of version ${version}`, act: () => setAsked("alias") });
  useCommand({ id: "delete-version", title: `Delete version ${version}`, act: () => setAsked("delete") });
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  const it = found.data?.model_version;
  if (!it) return <p className="empty soft">Loading…</p>;
  const aliases = it.aliases ?? [];
  const uri = aliases[0] ? `models:/${name}@${aliases[0]}` : `models:/${name}/${version}`;
  return (
    <div className="page">
      <div className="toolbar model-head">
        <Crumbs title={`Version ${version}`}>
          <Link to="/models">Models</Link>
          <Link to="/models/$name" params={{ name }}>
            {name}
          </Link>
        </Crumbs>
        <OwnAliases
          name={name}
          aliases={(registered.data?.registered_model.aliases ?? []).filter(
            (each) => each.version === version,
          )}
        />
        <span className="rest" />
        <button type="button" className="button" onClick={() => setAsked("alias")}>
          Set alias
        </button>
        <Menu label="Actions" items={[{ title: "Delete", danger: true, act: () => setAsked("delete") }]} />
      </div>
      <Facts facts={factsOf(it)} />
      <Tabs label="Of this version" tabs={TABS} chosen={tab} drops={["path"]} />
      <TabPanel id={tab}>
        {tab === "overview" && (
          <VersionOverview
            name={name}
            version={it}
            model={model}
            again={() => queries.invalidateQueries({ queryKey: ["model", name] })}
          />
        )}
        {tab === "files" && (
          <ArtifactBrowser
            root={{ name, version }}
            path={path}
            onPath={(next) => navigate({ search: (was) => ({ ...was, path: next || undefined }) })}
          />
        )}
        {tab === "use" && <UseIt name={name} version={version} uri={uri} model={model.data} />}
        {tab === "try" && (
          <Suspense fallback={<p className="empty soft">Loading…</p>}>
            <TryIt name={name} version={version} uri={uri} model={model} />
          </Suspense>
        )}
      </TabPanel>
      {asked === "alias" && (
        <AliasDialog
          name={name}
          version={version}
          aliases={registered.data?.registered_model.aliases ?? []}
          onClose={() => setAsked(null)}
        />
      )}
      {asked === "delete" && (
        <DeleteVersionDialog
          name={name}
          version={version}
          aliases={aliases}
          onDone={() => navigate({ to: "/models/$name", params: { name } })}
          onClose={() => setAsked(null)}
        />
      )}
    </div>
  );
}

/** Status as protobuf's numbers and names; only what isn't as usual is said. */
function factsOf(it: ModelVersionMessage): [string, string | undefined][] {
  const ready = it.status === undefined || it.status === "READY" || it.status === 3;
  return [
    ["Made", exactTime(it.creation_timestamp)],
    ["By", it.user_id],
    ["Stage", it.current_stage === "None" ? undefined : it.current_stage],
    ["Status", ready ? undefined : [it.status, it.status_message].filter(Boolean).join(": ")],
    ["Source", it.source],
  ];
}
