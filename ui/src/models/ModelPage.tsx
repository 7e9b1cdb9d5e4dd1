import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { ModelVersionMessage } from "@/api/endpoints";
import { Crumbs } from "@/parts/Crumbs";
import { Problem } from "@/parts/Problem";
import { Snippet } from "@/parts/Snippet";
import { ago, exactTime } from "@/parts/times";
import { AliasDialog } from "./AliasDialog";
import { sentence } from "./events";
import { historyOf, modelOf, versionPages } from "./queries";
import "@/parts/controls.css";
import "@/parts/list.css";
import "./models.css";

export function ModelPage() {
  const { name } = useParams({ from: "/models/$name" });
  const [aliasOf, setAliasOf] = useState<string | null>(null);
  const model = useQuery(modelOf(name));
  const pages = useInfiniteQuery(versionPages(name));
  const history = useQuery(historyOf(name));
  if (model.error) return <Problem error={model.error} retry={() => model.refetch()} />;
  const found = model.data?.registered_model;
  const versions = pages.data?.pages.flatMap((page) => page.model_versions ?? []) ?? [];
  const aliases = found?.aliases ?? [];
  const best = aliases[0]?.alias;
  const uri = best ? `models:/${name}@${best}` : `models:/${name}/${versions[0]?.version ?? 1}`;
  return (
    <div className="page">
      <Crumbs title={name}>
        <Link to="/models">Models</Link>
      </Crumbs>
      {found?.description && <p className="described">{found.description}</p>}
      <div className="model-parts">
        <section aria-label="Versions">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">Aliases</th>
                <th scope="col">Made</th>
                <th scope="col">
                  <span className="hidden-text">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {versions.map((version) => (
                <VersionRow
                  key={version.version}
                  version={version}
                  aliases={aliases
                    .filter((each) => each.version === version.version)
                    .map((each) => each.alias ?? "")}
                  onAlias={() => setAliasOf(version.version)}
                />
              ))}
            </tbody>
          </table>
          {pages.hasNextPage && (
            <button type="button" className="button" onClick={() => pages.fetchNextPage()}>
              More
            </button>
          )}
          <Snippet
            code={`import headrace as mlflow\n\nmodel = mlflow.pyfunc.load_model("${uri}")`}
            label="Load it"
          />
          <Snippet code={`headrace models serve -m ${uri}`} label="Serve it" />
        </section>
        <section aria-label="History" className="history">
          <h2>History</h2>
          <ol>
            {(history.data?.events ?? []).map((event) => (
              <li key={event.event_id}>
                <span>
                  <strong>{event.who || "somebody"}</strong> {sentence(event)}
                </span>
                <span className="soft" title={exactTime(event.timestamp)}>
                  {ago(event.timestamp)}
                </span>
                {event.comment && <q>{event.comment}</q>}
              </li>
            ))}
          </ol>
        </section>
      </div>
      {aliasOf && <AliasDialog name={name} version={aliasOf} onClose={() => setAliasOf(null)} />}
    </div>
  );
}

function VersionRow({
  version,
  aliases,
  onAlias,
}: {
  version: ModelVersionMessage;
  aliases: string[];
  onAlias: () => void;
}) {
  return (
    <tr>
      <td>
        <Link to="/models/$name/versions/$version" params={{ name: version.name, version: version.version }}>
          {version.version}
        </Link>
      </td>
      <td>
        <span className="chips">
          {aliases.map((alias) => (
            <span key={alias} className="chip">
              @{alias}
            </span>
          ))}
        </span>
      </td>
      <td className="soft" title={exactTime(version.creation_timestamp)}>
        {ago(version.creation_timestamp)}
      </td>
      <td>
        <div className="row-actions">
          <button type="button" className="button" onClick={onAlias}>
            Set alias
          </button>
        </div>
      </td>
    </tr>
  );
}
