import { useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { RegistryEventMessage } from "@/api/endpoints";
import { ago, exactTime } from "@/parts/times";
import { sentence } from "./events";
import { aliasAt, historyPages } from "./queries";

/** Who changed what, newest first, and where aliases were at a moment. */
export function History({ name, aliases }: { name: string; aliases: string[] }) {
  const { alias, at } = useSearch({ from: "/models/$name" });
  const navigate = useNavigate({ from: "/models/$name" });
  const all = useInfiniteQuery(historyPages(name));
  const pages = useInfiniteQuery(historyPages(name, alias));
  const events = pages.data?.pages.flatMap((page) => page.events ?? []) ?? [];
  const known = namesOf(aliases, all.data?.pages.flatMap((page) => page.events ?? []) ?? [], alias);
  const moment = at ? new Date(at).getTime() : Number.NaN;
  return (
    <section aria-label="History" className="history">
      <h2>History</h2>
      <div className="history-fields">
        <label>
          <span className="soft">Of</span>
          <select
            className="field"
            aria-label="History of"
            value={alias ?? ""}
            onChange={(event) =>
              navigate({
                search: (was) => ({ ...was, alias: event.target.value || undefined }),
                replace: true,
              })
            }
          >
            <option value="">everything</option>
            {known.map((each) => (
              <option key={each} value={each}>
                @{each}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span className="soft">Aliases at</span>
          <input
            className="field"
            type="datetime-local"
            step={1}
            value={at ?? ""}
            onChange={(event) =>
              navigate({ search: (was) => ({ ...was, at: event.target.value || undefined }), replace: true })
            }
          />
        </label>
      </div>
      {!Number.isNaN(moment) && <AliasesAt name={name} aliases={alias ? [alias] : known} moment={moment} />}
      <ol>
        {events.map((event) => (
          <li key={event.event_id}>
            <span className="history-dot" aria-hidden="true" />
            <span className="history-what">
              <strong>{event.who || "somebody"}</strong> {sentence(event)}
            </span>
            <time className="soft" title={exactTime(event.timestamp)}>
              {ago(event.timestamp)}
            </time>
            {event.comment && <q>{event.comment}</q>}
          </li>
        ))}
      </ol>
      {pages.hasNextPage && (
        <button
          type="button"
          className="button"
          disabled={pages.isFetching}
          onClick={() => pages.fetchNextPage()}
        >
          Earlier
        </button>
      )}
    </section>
  );
}

function AliasesAt({ name, aliases, moment }: { name: string; aliases: string[]; moment: number }) {
  const found = useQueries({ queries: aliases.map((alias) => aliasAt(name, alias, moment)) });
  return (
    <div className="aliases-at" role="status">
      <h3>{exactTime(moment)}</h3>
      {aliases.length === 0 && <p className="soft">This model never had an alias.</p>}
      <ul>
        {aliases.map((alias, at) => {
          const version = found[at]?.data?.event?.after;
          return (
            <li key={alias}>
              @{alias}:{" "}
              {found[at]?.isPending ? (
                "…"
              ) : version ? (
                <Link to="/models/$name/versions/$version" params={{ name, version }}>
                  version {version}
                </Link>
              ) : (
                <span className="soft">nothing</span>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Aliases of now and, as far as the history is loaded, of before. */
function namesOf(now: string[], events: RegistryEventMessage[], chosen: string | undefined): string[] {
  const before = events.flatMap((each) => (each.kind.startsWith("alias_") && each.key ? [each.key] : []));
  return [...new Set([...now, ...before, ...(chosen ? [chosen] : [])])].sort();
}
