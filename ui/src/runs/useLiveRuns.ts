/** Runs that change elsewhere, put into the table as they happen: only they are fetched, never the pages again. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { RunMessage, SearchRunsAnswer } from "@/api/endpoints";
import { useChanges } from "@/live/useChanges";
import { isIn } from "./branches";
import { type Change, patched, patchedPages, withNewest } from "./patch";
import { type Asked, isTree, type RunPages, runPages, runsNow } from "./queries";
import { idOf, parentOf } from "./values";

/** Runs that are asked for in one request. */
const AT_ONCE = 200;
/** More than these changed in a second are more than anybody follows; what isn't loaded of them waits. */
const MOST = 1_000;
/** Counts and groups are of all runs, so they are asked for at most so often. */
const TOTALS_MS = 3_000;

const FRESH_MS = 2_000;
/** Pages that are fetched again at a return; those beyond come when they are scrolled to. */
const MOST_PAGES = 10;

const NEWEST_FIRST = new Set(["", "attributes.start_time DESC"]);

export interface LiveRuns {
  /** How many new runs match that the order has no known place for. */
  waiting: number;
  seen: () => void;
  /** These runs were changed here: what they are now is shown at once. */
  changed: (ids: string[]) => Promise<void>;
}

export function useLiveRuns(asked: Asked, grouped: boolean): LiveRuns {
  const queries = useQueryClient();
  const latest = useRef({ asked, grouped });
  latest.current = { asked, grouped };
  const [waiting, setWaiting] = useState<ReadonlySet<string>>(new Set());
  const totals = useThrottled(() => {
    const { experimentId } = latest.current.asked;
    for (const key of ["run-count", "run-children", "run-groups", "run-keys"])
      void queries.invalidateQueries({ queryKey: [key, experimentId] });
  }, TOTALS_MS);
  const question = JSON.stringify([asked.experimentId, asked.filter, asked.deleted, asked.order]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question has no runs that wait
  useEffect(() => setWaiting(new Set()), [question]);

  const heard = useCallback(
    async (ids: string[]) => {
      const { asked, grouped } = latest.current;
      const pages = queries.getQueryData<RunPages>(runPages(asked).queryKey);
      const loaded = new Set(pages?.pages.flatMap((page) => (page.runs ?? []).map(idOf)) ?? []);
      const these = [
        ...ids.filter((id) => loaded.has(id)),
        ...ids.filter((id) => !loaded.has(id)).slice(-MOST),
      ];
      for (let at = 0; at < these.length; at += AT_ONCE) {
        const some = these.slice(at, at + AT_ONCE);
        const found = await runsNow(asked, some).catch(() => undefined);
        // A page on its way would be put beside those that were there when it was asked for, without this change.
        await queries
          .getQueryCache()
          .find({ queryKey: runPages(asked).queryKey })
          ?.promise?.catch(() => undefined);
        // The server is gone, and ServerState says so; or the question is another by now.
        if (!found || latest.current.asked !== asked) return;
        const change: Change = { changed: new Set(some), now: new Map(found.map((run) => [idOf(run), run])) };
        const fresh = found.filter((run) => !loaded.has(idOf(run)));
        if (!grouped) {
          const late = putIntoPages(queries, asked, change, fresh);
          if (late.length > 0) setWaiting((was) => new Set([...was, ...late.map(idOf)]));
        }
        putIntoBranches(queries, asked, change, fresh);
      }
      const known = queries.getQueryData<RunPages>(runPages(asked).queryKey);
      const count = known?.pages.reduce((sum, page) => sum + (page.runs?.length ?? 0), 0) ?? 0;
      if (grouped || count !== loaded.size || these.some((id) => !loaded.has(id))) totals();
    },
    [queries, totals],
  );
  // Whoever comes back sees what was loaded at once, and what changed meanwhile a moment later.
  useEffect(() => {
    const { queryKey } = runPages(latest.current.asked);
    const state = queries.getQueryState(queryKey);
    if (!state?.data || state.dataUpdatedAt > Date.now() - FRESH_MS) return;
    queries.setQueryData<RunPages>(
      queryKey,
      (was) =>
        was && { pages: was.pages.slice(0, MOST_PAGES), pageParams: was.pageParams.slice(0, MOST_PAGES) },
    );
    void queries.invalidateQueries({ queryKey, exact: true });
    void queries.invalidateQueries({ queryKey: ["branch", latest.current.asked.experimentId] });
    totals();
  }, [queries, totals]);
  useChanges([asked.experimentId], (ids) => void heard(ids));
  const seen = useCallback(() => setWaiting(new Set()), []);
  return { waiting: waiting.size, seen, changed: heard };
}

/** The new runs that have no known place: the order isn't by time. */
function putIntoPages(queries: QueryClient, asked: Asked, change: Change, fresh: RunMessage[]): RunMessage[] {
  const tree = isTree(asked);
  const own = fresh.filter((run) => !tree || parentOf(run) === undefined);
  const byTime = NEWEST_FIRST.has(asked.order);
  queries.setQueryData<RunPages>(runPages(asked).queryKey, (was) => {
    if (!was) return was;
    let pages = patchedPages(was.pages, change);
    if (byTime) pages = withNewest(pages, own);
    return pages === was.pages ? was : { ...was, pages };
  });
  return byTime ? [] : own;
}

function putIntoBranches(queries: QueryClient, asked: Asked, change: Change, fresh: RunMessage[]): void {
  const open = queries.getQueryCache().findAll({ queryKey: ["branch", asked.experimentId], type: "active" });
  for (const query of open) {
    const answer = query.state.data as SearchRunsAnswer | undefined;
    const branch = query.meta?.branch as Parameters<typeof isIn>[0] | undefined;
    if (!answer || !branch) continue;
    const before = answer.runs ?? [];
    const runs = patched(before, change);
    if (runs !== before) queries.setQueryData<SearchRunsAnswer>(query.queryKey, { ...answer, runs });
    const ids = new Set(before.map(idOf));
    if (fresh.some((run) => isIn(branch, run) && !ids.has(idOf(run))))
      void queries.invalidateQueries({ queryKey: query.queryKey, exact: true });
  }
}

function useThrottled(act: () => void, everyMs: number): () => void {
  const latest = useRef(act);
  latest.current = act;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const last = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current !== undefined) return;
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        last.current = Date.now();
        latest.current();
      },
      Math.max(0, last.current + everyMs - Date.now()),
    );
  }, [everyMs]);
}
