import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { LoggedModelMessage, MetricMessage, ModelVersionMessage, RunMessage } from "@/api/endpoints";
import { ArtifactBrowser } from "@/artifacts/ArtifactBrowser";
import { Preview } from "@/artifacts/Preview";
import { Chip } from "@/parts/Chip";
import { Facts } from "@/parts/Facts";
import { exactTime } from "@/parts/times";
import { idOf, metricText } from "@/runs/values";
import { LongValue } from "./LongValue";
import { RegisterDialog } from "./RegisterDialog";
import "@/parts/sheet.css";

/** A model that was logged: what it is, what was measured of it, its files, and what it is called in the registry. */
export function LoggedModel({
  model,
  run,
  versions,
}: {
  model: LoggedModelMessage;
  run: RunMessage;
  versions: ModelVersionMessage[];
}) {
  const { info, data } = model;
  const [registering, setRegistering] = useState(false);
  const [path, setPath] = useState("");
  const root = { modelId: info.model_id };
  return (
    <section className="logged-model" aria-label={info.name || info.model_id}>
      <div className="toolbar">
        <h2>{info.name || info.model_id}</h2>
        <Versions versions={versions.filter((each) => each.model_id === info.model_id)} />
        <span className="rest" />
        <button type="button" className="button" onClick={() => setRegistering(true)}>
          Register
        </button>
      </div>
      <Facts
        facts={[
          ["Id", info.model_id],
          ["Status", statusText(info.status)],
          ["Kind", info.model_type],
          ["Made", exactTime(info.creation_timestamp_ms)],
          ["Message", info.status_message],
        ]}
      />
      <div className="overview-pairs">
        <Values title="Metrics of the model" rows={(data?.metrics ?? []).map(measured)} />
        <Values
          title="Params of the model"
          rows={(data?.params ?? []).map(({ key, value = "" }) => ({ key, value, of: "" }))}
        />
      </div>
      <Preview root={root} path="MLmodel" />
      <h2 className="files-title">Files</h2>
      <ArtifactBrowser root={root} path={path} onPath={setPath} described />
      {registering && (
        <RegisterDialog
          source={`models:/${info.model_id}`}
          runId={idOf(run)}
          modelId={info.model_id}
          suggested={info.name ?? ""}
          onClose={() => setRegistering(false)}
        />
      )}
    </section>
  );
}

export function Versions({ versions }: { versions: ModelVersionMessage[] }) {
  return versions.map(({ name, version, aliases = [] }) => (
    <Link key={`${name}/${version}`} to="/models/$name/versions/$version" params={{ name, version }}>
      <Chip tone="accent">
        {name} {version} {aliases.map((alias) => `@${alias}`).join(" ")}
      </Chip>
    </Link>
  ));
}

interface Line {
  key: string;
  value: string;
  of: string;
}

const measured = (metric: MetricMessage): Line => ({
  key: metric.key,
  value: metricText(metric.value),
  of: `at step ${metric.step ?? 0}${metric.dataset_name ? ` on ${metric.dataset_name}` : ""}`,
});

function Values({ title, rows }: { title: string; rows: Line[] }) {
  if (rows.length === 0) return null;
  return (
    <table className="sheet fixed">
      <caption>{title}</caption>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.key}/${row.of}`}>
            <th scope="row">{row.key}</th>
            <td>
              <LongValue text={row.value} /> <span className="soft">{row.of}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Statuses are told by name, or by the number of the name. */
function statusText(status: string | number | undefined): string | undefined {
  const names = ["", "pending", "ready", "upload failed"];
  if (typeof status === "number") return names[status];
  return status?.replace("LOGGED_MODEL_", "").replaceAll("_", " ").toLowerCase();
}
