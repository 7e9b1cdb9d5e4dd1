import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ModelAliasMessage } from "@/api/endpoints";
import { RemoveAliasDialog } from "./AliasDialog";

/** Where each alias points, and the way to take it away. Aliases are set on a version. */
export function Aliases({
  name,
  aliases,
  onMove,
}: {
  name: string;
  aliases: ModelAliasMessage[];
  onMove: (alias: ModelAliasMessage) => void;
}) {
  const [leaving, setLeaving] = useState<ModelAliasMessage | null>(null);
  return (
    <section aria-label="Aliases" className="aliases">
      <h2>Aliases</h2>
      {aliases.length === 0 && (
        <p className="soft">None. Set one on a version, so that programs needn't know its number.</p>
      )}
      <ul>
        {aliases.map((each) => (
          <li key={each.alias}>
            <code>@{each.alias}</code>
            <Link to="/models/$name/versions/$version" params={{ name, version: each.version }}>
              version {each.version}
            </Link>
            <span className="row-actions">
              <button
                type="button"
                className="quiet"
                aria-label={`Move @${each.alias}`}
                onClick={() => onMove(each)}
              >
                Move
              </button>
              <button
                type="button"
                className="quiet"
                aria-label={`Remove @${each.alias}`}
                onClick={() => setLeaving(each)}
              >
                Remove
              </button>
            </span>
          </li>
        ))}
      </ul>
      {leaving && <RemoveAliasDialog name={name} alias={leaving} onClose={() => setLeaving(null)} />}
    </section>
  );
}
