/** What the page of runs asks the server for. */

import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
} from "@tanstack/react-query";
import { call } from "@/api/call";
import type { RunMessage, SearchRunsAnswer } from "@/api/endpoints";
import { type Branch, branchFilter, type These } from "./branches";
import type { RunsSearch } from "./search";
import { fieldOf, idOf, PARENT_TAG, type Part } from "./values";

/** Few at first, so that they are there soon. */
export const FIRST_PAGE = 100;
const PAGE = 500;
/** A change of columns fetches what is loaded again, up to so many runs. */
const MOST_AGAIN = 5_000;
const MOST_GROUPS = 1_000;
const MOST_PARENTS = 50_000;
const KEYS = 100;

/** Which runs: those of an experiment that match. */
export interface Scope {
  experimentId: string;
  filter: string;
  deleted: boolean;
}

export interface Projection {
  metrics: string[];
  params: string[];
  tags: string[];
}

export interface Asked extends Scope {
  order: string;
  columns: Projection;
}

export type RunPages = InfiniteData<SearchRunsAnswer, string>;

/**
 * Nested runs. Without a filter the table is a tree: the server gives top-level runs by the order, and the children of
 * a run when it is opened, by the same order. With a filter (and among deleted runs) every run that matches is given by
 * the order, whether nested or not; see families.ts.
 */
export const isTree = (scope: Pick<Scope, "filter" | "deleted">): boolean => !scope.filter && !scope.deleted;

const TOP_LEVEL = `${fieldOf("tags", PARENT_TAG)} IS NULL`;

export const both = (one: string, other: string): string =>
  one && other ? `${one} AND ${other}` : one || other;

const place = (scope: Scope) => ({
  experiment_ids: [scope.experimentId],
  filter: scope.filter || undefined,
  run_view_type: scope.deleted ? ("DELETED_ONLY" as const) : ("ACTIVE_ONLY" as const),
});

const wanted = (asked: Asked) => ({
  ...place(asked),
  ...asked.columns,
  order_by: asked.order ? [asked.order] : [],
  inputs: false,
});

export const scopeOf = (experimentId: string, search: RunsSearch): Scope => ({
  experimentId,
  filter: search.filter ?? "",
  deleted: search.deleted ?? false,
});

/**
 * Runs with the columns that are shown and no others. Changes are patched in as they happen (useLiveRuns.ts), so that
 * pages don't get old; they are compared by nobody, since there may be 100,000 runs in them. loaded: how many runs are
 * shown now, with other columns.
 */
export const runPages = (asked: Asked, loaded = 0) =>
  infiniteQueryOptions({
    queryKey: ["runs", asked.experimentId, asked],
    queryFn: ({ pageParam, signal, client, queryKey }) =>
      call(
        "runs.project",
        {
          ...wanted(asked),
          filter: isTree(asked) ? TOP_LEVEL : asked.filter,
          max_results: pageParam ? PAGE : firstPage(Math.max(loaded, firstLoaded(client, queryKey))),
          page_token: pageParam || undefined,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last: SearchRunsAnswer) => last.next_page_token || undefined,
    placeholderData: (before, query) => (query?.queryKey[1] === asked.experimentId ? before : undefined),
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

const firstPage = (loaded: number): number => Math.min(MOST_AGAIN, Math.max(FIRST_PAGE, loaded));

/** A page that is fetched again is as long as it was. */
const firstLoaded = (client: QueryClient, queryKey: readonly unknown[]): number =>
  client.getQueryData<RunPages>(queryKey)?.pages[0]?.runs?.length ?? 0;

export const runCount = (scope: Scope) =>
  queryOptions({
    queryKey: ["run-count", scope.experimentId, scope],
    queryFn: ({ signal }) => call("runs.count", place(scope), signal),
  });

/** How many children the runs of an experiment have, by the id of the parent. */
export const childCounts = (scope: Scope) =>
  queryOptions({
    queryKey: ["run-children", scope.experimentId],
    queryFn: async ({ signal }) => {
      const field = fieldOf("tags", PARENT_TAG);
      const { groups = [] } = await call(
        "runs.aggregate",
        {
          experiment_ids: [scope.experimentId],
          filter: `${field} IS NOT NULL`,
          group_by: [field],
          max_results: MOST_PARENTS,
        },
        signal,
      );
      return new Map(groups.map((group) => [group.values[0] ?? "", group.run_count]));
    },
    enabled: isTree(scope),
  });

/** The runs of an opened row, or these, `most` at most. */
export const branchRuns = (asked: Asked, branch: Branch | These, most: number) =>
  queryOptions({
    queryKey: ["branch", asked.experimentId, branch.id, asked, branch, most],
    queryFn: ({ signal }) =>
      call(
        "runs.project",
        { ...wanted(asked), filter: both(asked.filter, branchFilter(branch)), max_results: most },
        signal,
      ),
    meta: { branch },
    placeholderData: (before, query) => (query?.queryKey[2] === branch.id ? before : undefined),
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const runGroups = (asked: Asked, group: string[]) =>
  queryOptions({
    queryKey: ["run-groups", asked.experimentId, place(asked), group, asked.columns.metrics],
    queryFn: ({ signal }) =>
      call(
        "runs.aggregate",
        {
          ...place(asked),
          group_by: group,
          metrics: asked.columns.metrics,
          max_results: MOST_GROUPS,
        },
        signal,
      ),
    enabled: group.length > 0,
    placeholderData: (before, query) => (query?.queryKey[1] === asked.experimentId ? before : undefined),
  });

/** These runs as they are now; those that don't match any more are left out. */
export async function runsNow(asked: Asked, ids: string[]): Promise<RunMessage[]> {
  const these = `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(", ")})`;
  const { runs = [] } = await call("runs.project", {
    ...wanted(asked),
    filter: both(asked.filter, these),
    max_results: ids.length,
  });
  return runs;
}

/** Names of runs that aren't loaded, deleted ones too, by their ids. */
export const runNames = (experimentId: string, ids: string[]) =>
  queryOptions({
    queryKey: ["run-names", experimentId, ids],
    queryFn: async ({ signal }) => {
      const { runs = [] } = await call(
        "runs.project",
        {
          experiment_ids: [experimentId],
          filter: `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(", ")})`,
          run_view_type: "ALL",
          metrics: [],
          params: [],
          tags: [],
          inputs: false,
          max_results: ids.length,
        },
        signal,
      );
      return new Map(runs.map((run) => [idOf(run), run.info]));
    },
    enabled: ids.length > 0,
    placeholderData: (before) => before,
    staleTime: 60_000,
  });

/** Keys that hold the text, the first of them by name. */
export const runKeys = (experimentId: string, kind: Part, contains = "") =>
  queryOptions({
    queryKey: ["run-keys", experimentId, kind, contains],
    queryFn: ({ signal }) =>
      call(
        "runs.keys",
        { experiment_ids: [experimentId], kind, contains: contains || undefined, max_results: KEYS },
        signal,
      ),
    placeholderData: (before, query) => (query?.queryKey[1] === experimentId ? before : undefined),
    staleTime: 30_000,
  });

export const experimentOf = (experimentId: string) =>
  queryOptions({
    queryKey: ["experiment", experimentId],
    queryFn: ({ signal }) => call("experiments.get", { experiment_id: experimentId }, signal),
    staleTime: 30_000,
  });

export const runOf = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId],
    queryFn: ({ signal }) => call("runs.get", { run_id: runId }, signal),
  });
