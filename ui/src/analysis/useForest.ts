import { useEffect, useState } from "react";
import type { Learned } from "./forest";
import type { Order, Report } from "./forestWorker";
import type { Question } from "./importances";

interface State {
  learned?: Learned;
  /** From 0 to 1. */
  done: number;
  failed?: string;
}

/** What a forest learns of the question; another question ends the one before. */
export function useForest(question: Question): State {
  const [state, setState] = useState<State>({ done: 0 });
  useEffect(() => {
    setState({ done: 0 });
    if (question.features.length === 0 || question.target.length === 0) return;
    const worker = new Worker(new URL("./forestWorker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if ("learned" in data) setState({ learned: data.learned, done: 1 });
      else setState({ done: data.done / data.of });
    };
    worker.onerror = (event) => setState({ done: 1, failed: event.message || "The computation failed." });
    worker.postMessage({ features: question.features, target: question.target } satisfies Order);
    return () => worker.terminate();
  }, [question]);
  return state;
}
