import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";

const PAGE = 10_000;

/** Every metric that the experiments' runs have, by name: a grid finds and parts them by itself. */
export const metricKeys = (experimentIds: string[]) =>
  queryOptions({
    queryKey: ["metric-keys", experimentIds],
    staleTime: 30_000,
    queryFn: async ({ signal }) => {
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
    },
  });
