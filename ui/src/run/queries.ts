import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { address, call, send } from "@/api/call";
import { quoted } from "@/api/filters";
import { MEDIA_TYPE, unpackChart } from "@/charts/packed";
import { PARENT_TAG } from "@/runs/values";

const CHILDREN = 200;
const MODELS = 100;

/** Runs that name this one as their parent, the newest first. */
export const childrenOf = (experimentId: string, runId: string) =>
  queryOptions({
    queryKey: ["run", runId, "children"],
    queryFn: ({ signal }) =>
      call(
        "runs.project",
        {
          experiment_ids: [experimentId],
          filter: `tags.\`${PARENT_TAG}\` = ${quoted(runId)}`,
          max_results: CHILDREN,
          metrics: [],
          params: [],
          tags: [],
          inputs: false,
        },
        signal,
      ),
  });

export const rewindsOf = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId, "rewinds"],
    queryFn: ({ signal }) => call("runs.rewinds", { run_id: runId }, signal),
  });

export const correctionsOf = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId, "corrections"],
    queryFn: ({ signal }) => call("runs.param-corrections", { run_id: runId }, signal),
  });

export const loggedModelsOf = (experimentId: string, runId: string) =>
  queryOptions({
    queryKey: ["run", runId, "models"],
    queryFn: ({ signal }) =>
      call(
        "logged-models.search",
        {
          experiment_ids: [experimentId],
          filter: `source_run_id = ${quoted(runId)}`,
          max_results: MODELS,
        },
        signal,
      ),
  });

/** Registered versions that were made from this run. */
export const versionsOf = (runId: string) =>
  queryOptions({
    queryKey: ["model", "from-run", runId],
    queryFn: ({ signal }) => call("model-versions.from", { run_id: runId }, signal),
  });

export interface Extent {
  minimum: number;
  maximum: number;
  points: number;
}

/** The least and the greatest value of each key: one bucket for all points of it. */
export const extentsOf = (runId: string, keys: string[]) =>
  queryOptions({
    queryKey: ["run", runId, "extents", keys],
    enabled: keys.length > 0,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<Map<string, Extent>> => {
      const answer = await send(address("/ajax-api/1.0/headrace/metrics/chart"), {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: MEDIA_TYPE },
        body: JSON.stringify({ run_ids: [runId], keys, buckets: 1 }),
        signal,
      });
      const series = unpackChart(await answer.arrayBuffer());
      return new Map(
        series.map((each) => [
          each.key,
          {
            minimum: among(each.minimum, Math.min),
            maximum: among(each.maximum, Math.max),
            points: each.total,
          },
        ]),
      );
    },
  });

/** Without NaN, of which nothing is less or greater; NaN if there is nothing else. */
const among = (values: Iterable<number>, choose: (...numbers: number[]) => number): number => {
  const numbers = [...values].filter((each) => !Number.isNaN(each));
  return numbers.length > 0 ? choose(...numbers) : Number.NaN;
};
