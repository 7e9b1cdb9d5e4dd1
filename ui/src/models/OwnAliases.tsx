import { useState } from "react";
import type { ModelAliasMessage } from "@/api/endpoints";
import { Chip } from "@/parts/Chip";
import { RemoveAliasDialog } from "./AliasDialog";

/** The aliases of one version, each with the way to take it away. */
export function OwnAliases({ name, aliases }: { name: string; aliases: ModelAliasMessage[] }) {
  const [leaving, setLeaving] = useState<ModelAliasMessage | null>(null);
  if (aliases.length === 0) return null;
  return (
    <div className="chips">
      {aliases.map((each) => (
        <span key={each.alias}>
          <Chip tone="accent">@{each.alias}</Chip>
          <button
            type="button"
            className="quiet"
            aria-label={`Remove @${each.alias}`}
            title="Remove this alias"
            onClick={() => setLeaving(each)}
          >
            ✕
          </button>
        </span>
      ))}
      {leaving && <RemoveAliasDialog name={name} alias={leaving} onClose={() => setLeaving(null)} />}
    </div>
  );
}
