import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { RunMessage } from "@/api/endpoints";
import { useChanges } from "@/live/useChanges";
import { type Axis, axisOf } from "./axes";
import { type Column, columnOf } from "./columns";
import { type Population, refreshed, valuesOf } from "./queries";

export interface Values {
  runs: RunMessage[];
  column: (id: string) => Column;
  axis: (id: string, log?: boolean) => Axis;
}

const NO_RUNS: RunMessage[] = [];

/** Columns of runs, each read once; runs that change meanwhile are put in. */
export function useValues(of: Population, ids: string[], wanted: boolean) {
  const queries = useQueryClient();
  const found = useQuery({ ...valuesOf(of, ids), enabled: wanted });
  useChanges([of.experimentId], (changed) => {
    // What the server can't answer now it tells the next time; ServerState says that it is gone.
    if (wanted) void refreshed(queries, of, ids, changed).catch(() => undefined);
  });
  const runs = found.data ?? NO_RUNS;
  const values = useMemo((): Values => {
    const columns = new Map<string, Column>();
    const axes = new Map<string, Axis>();
    const column = (id: string): Column => kept(columns, id, () => columnOf(id, runs));
    const axis = (id: string, log = false): Axis => kept(axes, `${log} ${id}`, () => axisOf(column(id), log));
    return { runs, column, axis };
  }, [runs]);
  return { values, found };
}

function kept<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
