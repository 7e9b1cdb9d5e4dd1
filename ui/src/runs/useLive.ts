import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { call } from "@/api/call";

const EVERY_MS = 2_000;

/** Asks what changed since the last time, and fetches again only if something did. */
export function useLive(experimentId: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    const over = new AbortController();
    let cursor: string | undefined;
    const look = async () => {
      if (!document.hidden) {
        try {
          const found = await call(
            "changes.list",
            { since: cursor, experiment_ids: [experimentId] },
            over.signal,
          );
          const changed = cursor !== undefined && (found.runs ?? []).length > 0;
          cursor = found.cursor ?? cursor;
          if (changed) {
            void queries.invalidateQueries({ queryKey: ["runs"] });
            void queries.invalidateQueries({ queryKey: ["run-count"] });
          }
        } catch {
          // ServerState says that the server is gone; the cursor still holds when it is back.
        }
      }
      if (!over.signal.aborted) timer = setTimeout(look, EVERY_MS);
    };
    let timer = setTimeout(look, 0);
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [experimentId, queries]);
}
