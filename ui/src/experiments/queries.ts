import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { ExperimentMessage, RunInfoMessage } from "@/api/endpoints";
import { nameFilter } from "@/api/filters";
import type { Order } from "./search";

const PAGE = 500;
const ORDER_BY: Record<Order, string> = {
  changed: "last_update_time DESC",
  name: "name ASC",
  made: "creation_time DESC",
};
export const NOTE = "mlflow.note.content";

export const noteOf = (experiment: ExperimentMessage | undefined): string =>
  experiment?.tags?.find((tag) => tag.key === NOTE)?.value ?? "";

export interface Asked {
  text: string;
  deleted: boolean;
  order: Order;
}

export const experimentPages = (asked: Asked) =>
  infiniteQueryOptions({
    queryKey: ["experiments", asked],
    queryFn: ({ pageParam, signal }) =>
      call(
        "experiments.search",
        {
          filter: nameFilter(asked.text) || undefined,
          view_type: asked.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
          order_by: [ORDER_BY[asked.order]],
          max_results: PAGE,
          page_token: pageParam || undefined,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    placeholderData: (before) => before,
  });

export interface Pulse {
  runs: number;
  last: RunInfoMessage | undefined;
}

/** How many runs an experiment has, and the one that began last. */
export const pulseOf = (experimentId: string) =>
  queryOptions({
    queryKey: ["experiment-pulse", experimentId],
    staleTime: 20_000,
    queryFn: async ({ signal }): Promise<Pulse> => {
      const within = { experiment_ids: [experimentId] };
      const [count, last] = await Promise.all([
        call("runs.count", within, signal),
        call(
          "runs.project",
          { ...within, max_results: 1, order_by: ["start_time DESC"], inputs: false },
          signal,
        ),
      ]);
      return { runs: count.count ?? 0, last: last.runs?.[0]?.info };
    },
  });
