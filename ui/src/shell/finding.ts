/** What the palette finds on the server: experiments, runs and models by name, runs by id. */

import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { nameFilter, quoted } from "@/api/filters";

export interface Found {
  id: string;
  title: string;
  kind: string;
  path: string;
}

const FEW = 6;
const ALL_EXPERIMENTS = 1_000;
const RUN_ID = /^[0-9a-f]{4,32}$/;

const at = (...parts: string[]): string => `/${parts.map(encodeURIComponent).join("/")}`;

export const experimentsCalled = (text: string) =>
  queryOptions({
    queryKey: ["palette", "experiments", text],
    queryFn: async ({ signal }): Promise<Found[]> => {
      const { experiments = [] } = await call(
        "experiments.search",
        { filter: nameFilter(text), max_results: FEW, order_by: ["last_update_time DESC"] },
        signal,
      );
      return experiments.map(({ experiment_id: id = "", name = "" }) => ({
        id: `experiment ${id}`,
        title: name,
        kind: "Experiment",
        path: at("experiments", id),
      }));
    },
  });

export const modelsCalled = (text: string) =>
  queryOptions({
    queryKey: ["palette", "models", text],
    queryFn: async ({ signal }): Promise<Found[]> => {
      const { registered_models: models = [] } = await call(
        "registered-models.search",
        { filter: nameFilter(text), max_results: FEW },
        signal,
      );
      return models.map(({ name }) => ({
        id: `model ${name}`,
        title: name,
        kind: "Model",
        path: at("models", name),
      }));
    },
  });

/** Where runs are looked for: the experiments that changed last. */
export const whereRunsAre = queryOptions({
  queryKey: ["palette", "all-experiments"],
  staleTime: 60_000,
  queryFn: async ({ signal }): Promise<string[]> => {
    const { experiments = [] } = await call(
      "experiments.search",
      { max_results: ALL_EXPERIMENTS, order_by: ["last_update_time DESC"] },
      signal,
    );
    return experiments.map((each) => each.experiment_id ?? "");
  },
});

export const runsCalled = (text: string, experimentIds: string[]) =>
  queryOptions({
    queryKey: ["palette", "runs", text, experimentIds.length],
    queryFn: async ({ signal }): Promise<Found[]> => {
      const filters = [`run_${nameFilter(text)}`];
      if (RUN_ID.test(text)) filters.unshift(`run_id LIKE ${quoted(`${text}%`)}`);
      const answers = await Promise.all(
        filters.map((filter) =>
          call(
            "runs.project",
            {
              experiment_ids: experimentIds,
              filter,
              max_results: FEW,
              order_by: ["start_time DESC"],
              inputs: false,
            },
            signal,
          ),
        ),
      );
      const runs = answers.flatMap((answer) => answer.runs ?? []).map((run) => run.info);
      const once = new Map(runs.map((info) => [info.run_id ?? "", info]));
      return [...once.values()].slice(0, FEW).map(({ run_id: id = "", run_name, experiment_id = "" }) => ({
        id: `run ${id}`,
        title: run_name || id,
        kind: "Run",
        path: at("experiments", experiment_id, "runs", id),
      }));
    },
  });
