import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import { partsOf } from "./columns";

export const MOST_RUNS = 2_000;
const PAGE = 1_000;
const IDS_A_CALL = 400;

export interface Population {
  experimentId: string;
  /** These runs; or all that match the filter. */
  runIds?: string[];
  filter?: string;
  deleted?: boolean;
}

const keysIn = (ids: readonly string[], wanted: string): string[] =>
  ids
    .map(partsOf)
    .filter(({ part }) => part === wanted)
    .map(({ key }) => key);

const these = (runIds: readonly string[]): string =>
  `attributes.run_id IN (${runIds.map((runId) => `'${runId}'`).join(", ")})`;

const key = (of: Population, ids: readonly string[]) => ["analysis", of, ids] as const;

/** Values of runs, of these columns and no others; the newest MOST_RUNS where more match. */
export const valuesOf = (of: Population, ids: string[]) =>
  queryOptions({
    queryKey: key(of, ids),
    staleTime: Number.POSITIVE_INFINITY, // changes are put in as they happen
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: async ({ signal }): Promise<RunMessage[]> => {
      const found: RunMessage[] = [];
      if (of.runIds) {
        for (let at = 0; at < of.runIds.length; at += IDS_A_CALL) {
          const some = of.runIds.slice(at, at + IDS_A_CALL);
          found.push(...(await page({ ...of, filter: these(some) }, ids, IDS_A_CALL, "", signal)).runs);
        }
        return found;
      }
      for (let token = ""; found.length < MOST_RUNS; ) {
        const { runs, next } = await page(of, ids, Math.min(PAGE, MOST_RUNS - found.length), token, signal);
        found.push(...runs);
        if (!next) break;
        token = next;
      }
      return found;
    },
  });

async function page(
  of: Population,
  ids: readonly string[],
  most: number,
  token: string,
  signal?: AbortSignal,
) {
  const answer = await call(
    "runs.project",
    {
      experiment_ids: [of.experimentId],
      filter: of.filter || undefined,
      run_view_type: of.runIds ? "ALL" : of.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
      order_by: ["attributes.start_time DESC"],
      max_results: most,
      page_token: token || undefined,
      metrics: keysIn(ids, "metrics"),
      params: keysIn(ids, "params"),
      tags: [],
      inputs: false,
    },
    signal,
  );
  return { runs: answer.runs ?? [], next: answer.next_page_token };
}

/** Asks for the runs that changed and puts them in place of what they were; new ones that match come first. */
export async function refreshed(
  queries: QueryClient,
  of: Population,
  ids: string[],
  changed: string[],
): Promise<void> {
  const known = queries.getQueryData<RunMessage[]>(key(of, ids));
  if (!known) return;
  const loaded = new Set(known.map((run) => run.info.run_id));
  const wanted = changed.filter((runId) => loaded.has(runId) || !of.runIds).slice(-IDS_A_CALL);
  if (wanted.length === 0) return;
  const filter = !of.runIds && of.filter ? `${of.filter} AND ${these(wanted)}` : these(wanted);
  const { runs } = await page({ ...of, filter }, ids, wanted.length, "");
  const now = new Map(runs.map((run) => [run.info.run_id, run]));
  queries.setQueryData<RunMessage[]>(key(of, ids), (was = []) => [
    ...runs.filter((run) => !loaded.has(run.info.run_id)),
    ...was.flatMap((run) =>
      wanted.includes(run.info.run_id ?? "") ? (now.get(run.info.run_id) ?? []) : run,
    ),
  ]);
}
