import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";

export const PAGE = 500;
const SAMPLE = 100;

export interface Asked {
  experimentId: string;
  filter: string;
  order: string;
  deleted: boolean;
  metrics: string[];
  params: string[];
}

const view = (deleted: boolean) => (deleted ? "DELETED_ONLY" : "ACTIVE_ONLY");

/** Runs with the columns that are shown and no others. */
export const runPages = (asked: Asked) =>
  infiniteQueryOptions({
    queryKey: ["runs", asked],
    queryFn: ({ pageParam, signal }) =>
      call(
        "runs.project",
        {
          experiment_ids: [asked.experimentId],
          filter: asked.filter || undefined,
          run_view_type: view(asked.deleted),
          order_by: asked.order ? [asked.order] : [],
          max_results: PAGE,
          page_token: pageParam || undefined,
          metrics: asked.metrics,
          params: asked.params,
          tags: ["mlflow.parentRunId"],
          inputs: false,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    placeholderData: (before) => before,
  });

export const runCount = (asked: Pick<Asked, "experimentId" | "filter" | "deleted">) =>
  queryOptions({
    queryKey: ["run-count", asked],
    queryFn: ({ signal }) =>
      call(
        "runs.count",
        {
          experiment_ids: [asked.experimentId],
          filter: asked.filter || undefined,
          run_view_type: view(asked.deleted),
        },
        signal,
      ),
  });

export interface Keys {
  metrics: string[];
  params: string[];
}

/** The keys of the newest runs: what columns can be chosen from. */
export const keysOf = (experimentId: string) =>
  queryOptions({
    queryKey: ["run-keys", experimentId],
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<Keys> => {
      const { runs = [] } = await call(
        "runs.search",
        { experiment_ids: [experimentId], max_results: SAMPLE, order_by: ["attributes.start_time DESC"] },
        signal,
      );
      return { metrics: keys(runs, "metrics"), params: keys(runs, "params") };
    },
  });

function keys(runs: RunMessage[], part: "metrics" | "params"): string[] {
  return [...new Set(runs.flatMap((run) => (run.data?.[part] ?? []).map((each) => each.key ?? "")))].sort();
}

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
