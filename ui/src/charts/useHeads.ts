import { useMemo } from "react";
import type { ChartData } from "./ChartData";
import { headRanges } from "./heads";
import { type ChartRun, type Look, lastOf, withHeads } from "./picture";
import type { Series } from "./series";
import { useLoaded } from "./useLoaded";
import type { View } from "./views";

type ByRun = ReadonlyMap<string, Series | null>;

/** The whole, on a log axis of x with its beginning as fine as it is seen there. view: none where nothing is finer. */
export function useHeads(
  data: ChartData,
  view: View | undefined,
  runs: ChartRun[],
  whole: ByRun,
  look: Look,
): ByRun {
  const wanted = view !== undefined && look.logX === true && look.x !== "time";
  const ranges = wanted ? headRanges(lastOf(runs, whole, look)) : undefined;
  const [coarse, fine] = ranges ?? [];
  const first = useLoaded(data, view && coarse && { ...view, range: coarse }, runs).series;
  const second = useLoaded(data, view && fine && { ...view, range: fine }, runs).series;
  const ends = `${coarse?.[1]} ${fine?.[1]}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ends say all of the ranges
  return useMemo(() => {
    if (!coarse || !fine) return whole;
    const heads = [
      { range: coarse, series: first },
      { range: fine, series: second },
    ];
    return withHeads(runs, whole, heads, look);
  }, [runs, whole, first, second, ends, look]);
}
