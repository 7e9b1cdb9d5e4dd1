import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Crumbs } from "@/parts/Crumbs";
import { Facts } from "@/parts/Facts";
import { Problem } from "@/parts/Problem";
import { Snippet } from "@/parts/Snippet";
import { exactTime } from "@/parts/times";
import { versionOf } from "./queries";
import "@/parts/controls.css";
import "./models.css";

export function VersionPage() {
  const { name, version } = useParams({ from: "/models/$name/versions/$version" });
  const found = useQuery(versionOf(name, version));
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  const model = found.data?.model_version;
  const uri = `models:/${name}/${version}`;
  const facts: [string, string | undefined][] = [
    ["Made", exactTime(model?.creation_timestamp)],
    ["By", model?.user_id],
    ["Status", model?.status === undefined ? undefined : String(model.status)],
    ["Stage", model?.current_stage === "None" ? undefined : model?.current_stage],
    ["Source", model?.source],
    ["Digest", model?.digest],
  ];
  return (
    <div className="page">
      <Crumbs title={`Version ${version}`}>
        <Link to="/models">Models</Link>
        <Link to="/models/$name" params={{ name }}>
          {name}
        </Link>
      </Crumbs>
      {model?.description && <p className="described">{model.description}</p>}
      <Facts facts={facts} />
      <span className="chips">
        {(model?.aliases ?? []).map((alias) => (
          <span key={alias} className="chip">
            @{alias}
          </span>
        ))}
        {(model?.tags ?? []).map((tag) => (
          <span key={tag.key} className="chip plain">
            {tag.key}: {tag.value}
          </span>
        ))}
      </span>
      <Snippet
        code={`import headrace as mlflow\n\nmodel = mlflow.pyfunc.load_model("${uri}")`}
        label="Load it"
      />
      <Snippet code={`headrace models serve -m ${uri}`} label="Serve it" />
      <Snippet code={`headrace models verify ${uri}`} label="Compare its files with their digests" />
    </div>
  );
}
