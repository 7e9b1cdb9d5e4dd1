import { Link } from "@tanstack/react-router";
import type { ModelAliasMessage } from "@/api/endpoints";
import { Chip } from "@/parts/Chip";

/** Aliases with the version that each names. */
export function AliasChips({ name, aliases }: { name: string; aliases: ModelAliasMessage[] }) {
  return (
    <span className="chips">
      {aliases.map((each) => (
        <Link
          key={each.alias}
          to="/models/$name/versions/$version"
          params={{ name, version: each.version ?? "" }}
        >
          <Chip tone="accent">
            @{each.alias} → {each.version}
          </Chip>
        </Link>
      ))}
    </span>
  );
}
