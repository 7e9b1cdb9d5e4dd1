import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, address, call, send } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import { quoted } from "@/api/filters";
import { MEDIA_TYPE, unpackChart } from "@/charts/packed";
import type { Series } from "@/charts/series";

const SERIES_A_CALL = 1_000;

export interface Compared {
  runs: RunMessage[];
  deleted: RunMessage[];
  /** Ids that nothing is known of, or that this user may not see. */
  unknown: string[];
}

/** The runs of an address in its order: those of the experiment in one call, others one by one. */
export const comparedRuns = (experimentId: string, runIds: string[]) =>
  queryOptions({
    queryKey: ["compare", experimentId, runIds],
    enabled: runIds.length > 0,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<Compared> =>
      sorted(runIds, await found(experimentId, runIds, signal)),
  });

async function found(experimentId: string, runIds: string[], signal?: AbortSignal): Promise<RunMessage[]> {
  const { runs = [] } = await call(
    "runs.search",
    {
      experiment_ids: [experimentId],
      filter: `attributes.run_id IN (${runIds.map(quoted).join(", ")})`,
      run_view_type: "ALL",
      max_results: runIds.length,
    },
    signal,
  );
  const here = new Set(runs.map((run) => run.info.run_id));
  const elsewhere = runIds.filter((id) => !here.has(id));
  const others = await Promise.all(elsewhere.map((id) => oneRun(id, signal)));
  return [...runs, ...others.filter((run) => run !== undefined)];
}

function sorted(runIds: string[], known: RunMessage[]): Compared {
  const byId = new Map(known.map((run) => [run.info.run_id, run]));
  const there = runIds.flatMap((id) => byId.get(id) ?? []);
  return {
    runs: there.filter((run) => run.info.lifecycle_stage !== "deleted"),
    deleted: there.filter((run) => run.info.lifecycle_stage === "deleted"),
    unknown: runIds.filter((id) => !byId.has(id)),
  };
}

/** Asks for the runs that changed and no others. */
export async function refreshed(
  queries: QueryClient,
  experimentId: string,
  runIds: string[],
  changed: string[],
): Promise<void> {
  const fresh = await found(experimentId, changed);
  queries.setQueryData(comparedRuns(experimentId, runIds).queryKey, (was) => {
    if (!was) return was;
    const kept = [...was.runs, ...was.deleted].filter((run) => !changed.includes(run.info.run_id ?? ""));
    return sorted(runIds, [...kept, ...fresh]);
  });
}

async function oneRun(runId: string, signal?: AbortSignal): Promise<RunMessage | undefined> {
  try {
    return (await call("runs.get", { run_id: runId }, signal)).run;
  } catch (error) {
    if (error instanceof ApiError && [400, 403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

export interface Range {
  min: number;
  max: number;
}

/** Least and greatest value by run and key: one bucket each, which the server keeps ready. */
export const extremes = (runIds: string[], keys: string[], wanted: boolean) =>
  queryOptions({
    queryKey: ["compare-extremes", runIds, keys],
    enabled: wanted && keys.length > 0,
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<Map<string, Range>> => {
      const found = new Map<string, Range>();
      const many = Math.max(1, Math.floor(SERIES_A_CALL / runIds.length));
      for (let at = 0; at < keys.length; at += many) {
        for (const series of await oneBucket(runIds, keys.slice(at, at + many), signal)) {
          const [min, max] = [series.minimum[0], series.maximum[0]];
          if (min !== undefined && max !== undefined)
            found.set(`${series.runId} ${series.key}`, { min, max });
        }
      }
      return found;
    },
  });

async function oneBucket(runIds: string[], keys: string[], signal: AbortSignal): Promise<Series[]> {
  const answer = await send(address("/ajax-api/1.0/headrace/metrics/chart"), {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: MEDIA_TYPE },
    body: JSON.stringify({ run_ids: runIds, keys, buckets: 1 }),
    signal,
  });
  return unpackChart(await answer.arrayBuffer());
}
