import type { QueryClient } from "@tanstack/react-query";
import { projectionOf } from "./columns";
import { BASIC } from "./firstColumns";
import { guessedColumns, keptColumns } from "./kept";
import {
  childCounts,
  experimentOf,
  isTree,
  runCount,
  runGroups,
  runKeys,
  runPages,
  scopeOf,
} from "./queries";
import type { RunsSearch } from "./search";

/** Everything the page of runs starts with, asked for while its code is still on the way. Nobody waits for it here. */
export function fetchFirstRuns(queries: QueryClient, experimentId: string, search: RunsSearch): void {
  const scope = scopeOf(experimentId, search);
  const named = search.columns ?? keptColumns(experimentId);
  const { group = [], order = "" } = search;
  const asked = {
    ...scope,
    order,
    columns: projectionOf([...(named ?? guessedColumns(experimentId) ?? BASIC), ...group]),
  };
  if (group.length > 0) void queries.prefetchQuery(runGroups(asked, group));
  else void queries.prefetchInfiniteQuery(runPages(asked));
  void queries.prefetchQuery(experimentOf(experimentId));
  void queries.prefetchQuery(runCount(scope));
  if (isTree(scope) && group.length === 0) void queries.prefetchQuery(childCounts(scope));
  if (named) return;
  void queries.prefetchQuery(runKeys(experimentId, "metrics"));
  void queries.prefetchQuery(runKeys(experimentId, "params"));
}
