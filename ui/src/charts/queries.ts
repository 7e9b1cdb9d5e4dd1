import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";

const PAGE = 10_000;
const MOST_LOOKED_AT = 1_000; // keys: more of a hundred runs are megabytes
const EVERY_MS = 30_000;

/**
 * The metrics of runs, by name. Where their experiments have very many, those of all their runs: which of them the runs
 * lack is seen when they are drawn.
 */
export const metricKeys = (experimentIds: string[], runIds: string[]) =>
  queryOptions({
    queryKey: ["metric-keys", experimentIds, runIds],
    staleTime: EVERY_MS,
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const keys = await allKeys(experimentIds, signal);
      if (keys.length > MOST_LOOKED_AT || runIds.length === 0) return keys;
      const has = await keysOf(experimentIds, runIds, signal);
      return keys.filter((key) => has.has(key));
    },
  });

async function allKeys(experimentIds: string[], signal: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await call(
      "runs.keys",
      { experiment_ids: experimentIds, kind: "metrics", max_results: PAGE, page_token: token },
      signal,
    );
    keys.push(...(page.keys ?? []));
    token = page.next_page_token || undefined;
  } while (token);
  return keys;
}

async function keysOf(experimentIds: string[], runIds: string[], signal: AbortSignal): Promise<Set<string>> {
  const { runs = [] } = await call(
    "runs.project",
    {
      experiment_ids: experimentIds,
      filter: `attributes.run_id IN (${runIds.map((id) => `'${id}'`).join(", ")})`,
      run_view_type: "ALL",
      max_results: runIds.length,
      params: [],
      tags: [],
      inputs: false,
    },
    signal,
  );
  return new Set(runs.flatMap((run) => (run.data?.metrics ?? []).map((metric) => metric.key)));
}
