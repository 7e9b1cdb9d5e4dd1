/** Grows a forest beside the page, which stays quick meanwhile. */

import type { Feature } from "./bins";
import { growing, type Learned, TREES } from "./forest";

export interface Order {
  features: Feature[];
  target: number[];
}

export type Report = { done: number; of: number } | { learned: Learned };

const REPORT_MS = 100;

self.onmessage = ({ data }: MessageEvent<Order>) => {
  const steps = growing(data.features, data.target);
  let told = performance.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) {
      self.postMessage({ learned: step.value } satisfies Report);
      return;
    }
    if (performance.now() - told < REPORT_MS) continue;
    told = performance.now();
    self.postMessage({ done: step.value, of: TREES } satisfies Report);
  }
};
