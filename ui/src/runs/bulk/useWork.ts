import { useCallback, useRef, useState } from "react";
import type { Failure } from "./each";

/** Shorter work is done without a word. */
const PATIENCE_MS = 400;

export interface Going {
  title: string;
  done: number;
  /** undefined where nobody knows. */
  total: number | undefined;
  shown: boolean;
}

export interface Ended {
  title: string;
  failures: Failure[];
  left: number;
}

type Act<T> = (progress: (done: number) => void, signal: AbortSignal) => Promise<T>;

/** Work that takes a while: how far it is, a way to stop it, and what of it failed. */
export function useWork() {
  const [going, setGoing] = useState<Going | null>(null);
  const [ended, setEnded] = useState<Ended | null>(null);
  const over = useRef<AbortController | null>(null);

  /** undefined: it was stopped, or failed as a whole. */
  const run = useCallback(
    async <T>(title: string, total: number | undefined, act: Act<T>): Promise<T | undefined> => {
      const controller = new AbortController();
      over.current = controller;
      setEnded(null);
      setGoing({ title, done: 0, total, shown: false });
      const patience = setTimeout(() => setGoing((was) => was && { ...was, shown: true }), PATIENCE_MS);
      try {
        const result = await act((done) => setGoing((was) => was && { ...was, done }), controller.signal);
        const { failures, left } = { failures: [], left: 0, ...(result as Partial<Ended>) };
        if (failures.length > 0 || left > 0) setEnded({ title, failures, left });
        return result;
      } catch (error) {
        if (!controller.signal.aborted)
          setEnded({ title, failures: [{ name: "", error: error as Error }], left: 0 });
        return undefined;
      } finally {
        clearTimeout(patience);
        setGoing(null);
      }
    },
    [],
  );
  const cancel = useCallback(() => over.current?.abort(), []);
  const dismiss = useCallback(() => setEnded(null), []);
  return { going, ended, run, cancel, dismiss };
}

export type Work = ReturnType<typeof useWork>;
