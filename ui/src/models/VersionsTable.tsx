import { useQueries } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { ModelAliasMessage, ModelVersionMessage, PolicyFields } from "@/api/endpoints";
import { demands, metricsOf } from "./gates";
import { sourceRunOf } from "./queries";
import { type SourceRun, shownMetrics } from "./sources";
import { VersionRow } from "./VersionRow";
import "@/parts/list.css";

const METRICS = 3;
const RUNS = 50; // asked for one by one; the versions below show no metrics
const CHECKED = 30; // as above, of gates

export type Act = "alias" | "delete";

/** Newest first, with what one decides by: gates, metrics, signature. */
export function VersionsTable({
  name,
  versions,
  aliases,
  policy,
  picked,
  onAct,
}: {
  name: string;
  versions: ModelVersionMessage[];
  aliases: ModelAliasMessage[];
  policy: PolicyFields | undefined;
  picked: string[];
  onAct: (act: Act, version: string) => void;
}) {
  const navigate = useNavigate({ from: "/models/$name" });
  const ids = [...new Set(versions.slice(0, RUNS).flatMap((each) => each.run_id || []))];
  const runs = useQueries({ queries: ids.map(sourceRunOf), combine: byId });
  const shown = useMemo(
    () =>
      shownMetrics(
        [...runs.values()].map((each) => each.metrics),
        metricsOf(policy),
        METRICS,
      ),
    [runs, policy],
  );
  const columns = {
    gates: policy !== undefined && demands(policy),
    signature: (policy?.keys ?? []).length > 0,
    stage: versions.some((each) => each.current_stage && each.current_stage !== "None"),
    tags: versions.some((each) => each.tags?.length),
    by: versions.some((each) => each.user_id),
    metrics: shown,
  };
  const pick = (version: string, on: boolean) =>
    navigate({
      search: (was) => {
        const next = on ? [...picked, version] : picked.filter((each) => each !== version);
        return { ...was, pick: next.join(",") || undefined };
      },
      replace: true,
    });
  return (
    <>
      <CompareBar versions={versions} picked={picked} runs={runs} />
      <div className="wide-list">
        <table className="list versions">
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden-text">Choose</span>
              </th>
              <th scope="col">Version</th>
              <th scope="col">Aliases</th>
              {columns.stage && <th scope="col">Stage</th>}
              {columns.gates && <th scope="col">Gates</th>}
              {shown.map((key) => (
                <th key={key} scope="col" className="number">
                  {key}
                </th>
              ))}
              {columns.signature && <th scope="col">Signature</th>}
              <th scope="col">Run</th>
              <th scope="col">Made</th>
              {columns.by && <th scope="col">By</th>}
              {columns.tags && <th scope="col">Tags</th>}
              <th scope="col">
                <span className="hidden-text">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version, at) => (
              <VersionRow
                key={version.version}
                name={name}
                version={version}
                aliases={aliases.filter((each) => each.version === version.version)}
                run={runs.get(version.run_id ?? "")}
                columns={columns}
                checked={at < CHECKED}
                picked={picked.includes(version.version)}
                onPick={(on) => pick(version.version, on)}
                onAct={onAct}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function CompareBar({
  versions,
  picked,
  runs,
}: {
  versions: ModelVersionMessage[];
  picked: string[];
  runs: Map<string, SourceRun>;
}) {
  if (picked.length === 0) return null;
  const chosen = picked.flatMap((each) => versions.find((version) => version.version === each) ?? []);
  const ids = [...new Set(chosen.flatMap((each) => each.run_id || []))];
  const experiment = runs.get(ids[0] ?? "")?.experimentId;
  const comparable = ids.length > 1 && experiment !== undefined;
  return (
    <p className="compare-bar">
      {comparable ? (
        <Link
          className="button main"
          to="/experiments/$experimentId/compare"
          params={{ experimentId: experiment }}
          search={{ runs: ids.join(",") }}
        >
          Compare {chosen.map((each) => each.version).join(" and ")}
        </Link>
      ) : (
        <span className="soft">
          {picked.length === 1
            ? "Choose another version to compare them."
            : "These versions don't come from different runs that are known here; there is nothing to compare."}
        </span>
      )}
    </p>
  );
}

const byId = (found: { data: SourceRun | undefined }[]): Map<string, SourceRun> =>
  new Map(found.flatMap(({ data }) => (data ? [[data.id, data]] : [])));
