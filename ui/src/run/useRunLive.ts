import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useChanges } from "@/live/useChanges";
import { runOf } from "@/runs/queries";

const REST_MS = 10_000;

/** A run that goes on is fetched again when it changed; what belongs to it (children, models, rewinds) less often. */
export function useRunLive(experimentId: string, runId: string): void {
  const queries = useQueryClient();
  const last = useRef(0);
  useChanges([experimentId], (changed) => {
    if (changed.includes(runId))
      void queries.invalidateQueries({ queryKey: runOf(runId).queryKey, exact: true });
    const now = Date.now();
    if (now - last.current < REST_MS) return;
    last.current = now;
    void queries.invalidateQueries({
      queryKey: ["run", runId],
      predicate: (query) => query.queryKey.length > 2,
    });
  });
}
