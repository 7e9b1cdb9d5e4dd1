import { useEffect, useSyncExternalStore } from "react";
import { address, send } from "@/api/call";
import type { ChartData, Loaded } from "./ChartData";
import { MEDIA_TYPE, unpackChart } from "./packed";
import type { ChartRequest } from "./requests";
import type { Series } from "./series";
import { type View, type ViewRun, viewId } from "./views";

export async function fetchChart(request: ChartRequest): Promise<Series[]> {
  const answer = await send(address("/ajax-api/1.0/headrace/metrics/chart"), {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: MEDIA_TYPE },
    body: JSON.stringify(request),
  });
  return unpackChart(await answer.arrayBuffer());
}

/** What is there of a view. It is fetched, and kept up to date, as long as it is given. */
export function useLoaded(data: ChartData, view: View | undefined, runs: ViewRun[]): Loaded {
  const id = view && viewId(view);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the id says all of the view
  useEffect(() => (view ? data.use(view, runs) : undefined), [data, id, runs]);
  return useSyncExternalStore(data.subscribe, () => data.loaded(id));
}
