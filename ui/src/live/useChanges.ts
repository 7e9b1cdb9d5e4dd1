import { useEffect, useRef } from "react";
import { gathered } from "./gather";
import { feed } from "./server";

const EVERY_MS = 1_000;

/** Calls back with the ids of runs that changed, at most once a second. What they are now, the caller asks for. */
export function useChanges(experimentIds: string[], onRuns: (runIds: string[]) => void): void {
  const told = useRef(onRuns);
  useEffect(() => {
    told.current = onRuns;
  });
  const joined = [...new Set(experimentIds)].sort().join();
  useEffect(() => {
    if (!joined) return;
    const { add, stop } = gathered((ids) => told.current(ids), EVERY_MS);
    const leave = feed.listen(joined.split(","), add);
    return () => {
      leave();
      stop();
    };
  }, [joined]);
}
