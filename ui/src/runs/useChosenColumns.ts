import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { call } from "@/api/call";
import { BASIC, firstColumns } from "./firstColumns";
import { forgetColumns, guessedColumns, keepColumns, keepGuess, keptColumns } from "./kept";
import { runKeys } from "./queries";

const SAMPLE = 30;

/**
 * The columns that the address names; else those that were chosen here last; else what suits the runs. Until that is
 * known, what suited them before, or the columns that every run has, so that runs are shown without waiting for keys.
 * Once some suit they stay for this visit, whatever is logged meanwhile: nobody wants columns to move while reading.
 */
export function useChosenColumns(experimentId: string, named: string[] | undefined) {
  const [kept, setKept] = useState(() => keptColumns(experimentId));
  const [settled, setSettled] = useState<string[]>();
  const guess = useMemo(() => guessedColumns(experimentId), [experimentId]);
  const wanted = named === undefined && kept === undefined && settled === undefined;
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
    if (!suiting || suiting.length <= BASIC.length) return;
    keepGuess(experimentId, suiting);
    setSettled(suiting);
  }, [experimentId, suiting]);

  /** undefined: what suits the runs. A link that names columns changes nothing of what is remembered. */
  const choose = useCallback(
    (columns: string[] | undefined) => {
      if (columns) keepColumns(experimentId, columns);
      else forgetColumns(experimentId);
      setKept(columns);
    },
    [experimentId],
  );
  return { columns: named ?? kept ?? settled ?? suiting ?? guess ?? BASIC, choose };
}
