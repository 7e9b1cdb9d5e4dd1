import { useEffect, useRef } from "react";
import { gathered } from "./gather";
import { feed } from "./server";

const EVERY_MS = 1_000;

type Told = (runIds: string[]) => void;

/**
 * Calls back with the ids of runs that changed, at most once a second. What they are now, the caller asks for. Before
 * that, `onRewound` hears of those that went on from an earlier step.
 */
export function useChanges(experimentIds: string[], onRuns: Told, onRewound?: Told): void {
  const told = useRef({ onRuns, onRewound });
  useEffect(() => {
    told.current = { onRuns, onRewound };
  });
  const joined = [...new Set(experimentIds)].sort().join();
  useEffect(() => {
    if (!joined) return;
    const { add, stop } = gathered((ids) => told.current.onRuns(ids), EVERY_MS);
    const leave = feed.listen(joined.split(","), (ids, rewound) => {
      if (rewound.length > 0) told.current.onRewound?.(rewound);
      add(ids);
    });
    return () => {
      leave();
      stop();
    };
  }, [joined]);
}
