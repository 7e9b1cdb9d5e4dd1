import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { RunSearch } from "./search";

const ROUTE = "/experiments/$experimentId/runs/$runId";

/**
 * What the address says of this page, and how it is changed; what is scrolled stays where it is. kept: Back leads to what
 * was before.
 */
export function useRunSearch(): [RunSearch, (next: Partial<RunSearch>, kept?: boolean) => void] {
  const search = useSearch({ from: ROUTE });
  const navigate = useNavigate({ from: ROUTE });
  const change = useCallback(
    (next: Partial<RunSearch>, kept = false) =>
      void navigate({
        search: (was: RunSearch) => ({ ...was, ...next }),
        replace: !kept,
        resetScroll: false,
      }),
    [navigate],
  );
  return [search, change];
}
