import { infiniteQueryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { nameFilter } from "@/api/filters";

const PAGE = 200;

export interface Asked {
  text: string;
  deleted: boolean;
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
          order_by: ["last_update_time DESC"],
          max_results: PAGE,
          page_token: pageParam || undefined,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
  });
