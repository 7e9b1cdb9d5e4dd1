import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { call } from "@/api/call";
import { BASIC, firstColumns } from "./firstColumns";
import { keepColumns, keptColumns } from "./kept";
import { runKeys } from "./queries";

const SAMPLE = 30;

/**
 * The columns that the address names; else those of the last visit; else what suits the runs. Until that is known, the
 * columns that every run has, so that runs are shown without waiting for keys.
 */
export function useChosenColumns(experimentId: string, named: string[] | undefined): string[] {
  const kept = useMemo(() => keptColumns(experimentId), [experimentId]);
  const wanted = named === undefined && kept === undefined;
  const metrics = useQuery({ ...runKeys(experimentId, "metrics"), enabled: wanted }).data?.keys;
  const params = useQuery({ ...runKeys(experimentId, "params"), enabled: wanted }).data?.keys;
  const suiting = useQuery({
    queryKey: ["first-columns", experimentId, metrics, params],
    enabled: wanted && metrics !== undefined && params !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const { runs = [] } = await call(
        "runs.project",
        { experiment_ids: [experimentId], max_results: SAMPLE, metrics, params, tags: [], inputs: false },
        signal,
      );
      return firstColumns(runs, metrics ?? [], params ?? []);
    },
  }).data;
  useEffect(() => {
    if (named) keepColumns(experimentId, named);
  }, [experimentId, named]);
  return named ?? kept ?? suiting ?? BASIC;
}
