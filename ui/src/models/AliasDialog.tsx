import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { call } from "@/api/call";
import type { ModelAliasMessage } from "@/api/endpoints";
import { ActDialog } from "./ActDialog";
import { CheckList } from "./CheckList";
import { standingOf } from "./queries";

/** Sets or moves an alias. What the policy asks is tried while one types; the server decides when it is set. */
export function AliasDialog({
  name,
  version: first,
  versions = [],
  alias: given = "champion",
  aliases,
  onClose,
}: {
  name: string;
  version: string;
  /** Where an alias may move to, too. */
  versions?: string[];
  alias?: string;
  aliases: ModelAliasMessage[];
  onClose: () => void;
}) {
  const [alias, setAlias] = useState(given);
  const [version, setVersion] = useState(first);
  const wanted = alias.trim().replace(/^@/, "");
  const holder = aliases.find((each) => each.alias === wanted)?.version;
  const asked = useDeferredValue(wanted);
  const standing = useQuery({
    ...standingOf(name, version, asked),
    enabled: /^[\w-]+$/.test(asked),
    placeholderData: (before) => before,
  });
  const checks = standing.data?.targets?.[0]?.checks ?? [];
  return (
    <ActDialog
      title={`Alias of version ${version}`}
      label={holder && holder !== version ? "Move" : "Set"}
      ready={wanted !== ""}
      act={(comment) => call("registered-models.set-alias", { name, alias: wanted, version, comment })}
      done={`@${wanted} is version ${version} of ${name} now.`}
      onClose={onClose}
    >
      <label className="labelled">
        <span>Alias</span>
        <input
          className="field"
          value={alias}
          required
          list="known-aliases"
          autoComplete="off"
          onChange={(event) => setAlias(event.target.value)}
        />
        <datalist id="known-aliases">
          {aliases.map((each) => (
            <option key={each.alias} value={each.alias} />
          ))}
        </datalist>
      </label>
      {versions.length > 1 && (
        <label className="labelled">
          <span>Version</span>
          <select className="field" value={version} onChange={(event) => setVersion(event.target.value)}>
            {versions.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      )}
      <p className="soft" aria-live="polite">
        {holder === version
          ? `@${wanted} is this version already.`
          : holder
            ? `@${wanted} is version ${holder} now; it moves, and whatever loads models:/${name}@${wanted} gets version ${version}.`
            : `Programs load it as models:/${name}@${wanted || "…"}.`}
      </p>
      {checks.length > 0 && (
        <div className="alias-checks">
          <h3>What guards @{wanted}</h3>
          <CheckList checks={checks} />
        </div>
      )}
    </ActDialog>
  );
}

export function RemoveAliasDialog({
  name,
  alias,
  onClose,
}: {
  name: string;
  alias: ModelAliasMessage;
  onClose: () => void;
}) {
  return (
    <ActDialog
      title={`Remove @${alias.alias}`}
      label="Remove"
      danger
      act={(comment) => call("registered-models.delete-alias", { name, alias: alias.alias, comment })}
      done={`@${alias.alias} names nothing any more.`}
      onClose={onClose}
    >
      <p>
        Version {alias.version} stays. Programs that load{" "}
        <code>
          models:/{name}@{alias.alias}
        </code>{" "}
        will fail until the alias is set again.
      </p>
    </ActDialog>
  );
}
