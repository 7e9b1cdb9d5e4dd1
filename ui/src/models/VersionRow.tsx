import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { CheckAnswer, ModelAliasMessage, ModelVersionMessage } from "@/api/endpoints";
import { Chip } from "@/parts/Chip";
import { Menu } from "@/parts/Menu";
import { ago, exactTime } from "@/parts/times";
import { metricText } from "@/runs/values";
import { firstLine } from "./firstLine";
import { aliasWords } from "./gates";
import { standingOf } from "./queries";
import type { SourceRun } from "./sources";
import type { Act } from "./VersionsTable";

export interface Columns {
  gates: boolean;
  /** Where no key counts, none can be proven. */
  signature: boolean;
  stage: boolean;
  tags: boolean;
  by: boolean;
  metrics: string[];
}

/** checked: how it stands to the policy is asked for. */
export function VersionRow({
  name,
  version,
  aliases,
  run,
  columns,
  checked,
  picked,
  onPick,
  onAct,
}: {
  name: string;
  version: ModelVersionMessage;
  aliases: ModelAliasMessage[];
  run: SourceRun | undefined;
  columns: Columns;
  checked: boolean;
  picked: boolean;
  onPick: (on: boolean) => void;
  onAct: (act: Act, version: string) => void;
}) {
  const number = version.version;
  const standing = useQuery({
    ...standingOf(name, number),
    enabled: checked && (columns.gates || columns.signature),
  });
  return (
    <tr>
      <td className="pick">
        <input
          type="checkbox"
          aria-label={`Compare version ${number}`}
          checked={picked}
          onChange={(event) => onPick(event.target.checked)}
        />
      </td>
      <td>
        <Link to="/models/$name/versions/$version" params={{ name, version: number }}>
          {number}
        </Link>
        {version.description && <div className="one-line soft">{firstLine(version.description)}</div>}
      </td>
      <td>
        <span className="chips">
          {aliases.map((each) => (
            <Chip key={each.alias} tone="accent">
              @{each.alias}
            </Chip>
          ))}
        </span>
      </td>
      {columns.stage && <td>{version.current_stage === "None" ? "" : version.current_stage}</td>}
      {columns.gates && <td>{checked && <GateChips standing={standing.data} />}</td>}
      {columns.metrics.map((key) => (
        <td key={key} className="number">
          {metricText(run?.metrics.get(key))}
        </td>
      ))}
      {columns.signature && (
        <td>{checked && <SignatureChip standing={standing.data} digest={version.digest} />}</td>
      )}
      <td className="run">
        {run ? (
          <Link
            to="/experiments/$experimentId/runs/$runId"
            params={{ experimentId: run.experimentId, runId: run.id }}
          >
            {run.name}
          </Link>
        ) : (
          <span className="soft">{version.run_id?.slice(0, 8)}</span>
        )}
      </td>
      <td className="soft when" title={exactTime(version.creation_timestamp)}>
        {ago(version.creation_timestamp)}
      </td>
      {columns.by && (
        <td className="soft by" title={version.user_id}>
          {version.user_id}
        </td>
      )}
      {columns.tags && (
        <td>
          <span className="chips">
            {(version.tags ?? []).map((each) => (
              <Chip key={each.key} title={`${each.key}: ${each.value}`}>
                {each.key}: {each.value}
              </Chip>
            ))}
          </span>
        </td>
      )}
      <td>
        <div className="row-actions">
          <button type="button" className="quiet" onClick={() => onAct("alias", number)}>
            Set alias
          </button>
          <Menu
            label={`More about version ${number}`}
            button="⋯"
            className="icon-button"
            items={[{ title: `Delete version ${number}`, danger: true, act: () => onAct("delete", number) }]}
          />
        </div>
      </td>
    </tr>
  );
}

/** Which aliases it could take now. */
function GateChips({ standing }: { standing: CheckAnswer | undefined }) {
  if (!standing) return <span className="soft">…</span>;
  return (
    <span className="chips">
      {(standing.targets ?? []).map((target) => {
        const failed = (target.checks ?? []).filter((each) => !each.passed);
        const why = failed.map(
          (each) => `${each.check} ${each.subject}: ${each.found}. Needed: ${each.needed}`,
        );
        return (
          <Chip
            key={target.alias}
            tone={failed.length > 0 ? "danger" : "good"}
            title={why.join("\n") || `Could be ${aliasWords(target.alias)} now.`}
          >
            {failed.length > 0 ? "✗" : "✓"} {aliasWords(target.alias)}
            <span className="hidden-text">{failed.length > 0 ? " fails" : " passes"}</span>
          </Chip>
        );
      })}
    </span>
  );
}

/** "Verified" is the server's word: a key of the policy proves a signature of the files as they were registered. */
export function SignatureChip({
  standing,
  digest,
}: {
  standing: CheckAnswer | undefined;
  digest: string | undefined;
}) {
  if (!standing) return <span className="soft">…</span>;
  if (standing.signer !== undefined)
    return (
      <Chip tone="good" title={`Signed by ${standing.signer}`}>
        verified
      </Chip>
    );
  return (
    <span className="soft" title={standing.unproven}>
      {digest ? "not verified" : "no digest"}
    </span>
  );
}
