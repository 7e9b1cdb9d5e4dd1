import { infiniteQueryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";

export const PAGE = 200;

export interface Asked {
  text: string;
  deleted: boolean;
}

/** The filter language has quoted text: a quote in a name is written twice as a backslash and the quote. */
export function nameFilter(text: string): string {
  const quoted = text.replace(/\\/g, "\\\\").replace(/'/g, "\\'").replace(/[%_]/g, "\\$&");
  return text ? `name ILIKE '%${quoted}%'` : "";
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
