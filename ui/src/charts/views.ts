import type { Wanted } from "./requests";
import type { XAxis } from "./state";

/** A key over a range of x, at a fineness. Charts with equal views share what was fetched. */
export interface View {
  key: string;
  x: XAxis;
  /** In the numbers of the x axis; unset = all there is. */
  range?: [number, number];
  buckets: number;
}

export interface ViewRun {
  runId: string;
  /** ms since 1970, from which relative time counts. */
  startTime?: number;
}

const STEP_OF_BUCKETS = 64; // a width that changes a little asks for the same
const MOST_BUCKETS = 4096;

export const viewId = (view: View): string => JSON.stringify([view.key, view.x, view.range, view.buckets]);

/** A bucket for each pixel of the plot. */
export function bucketsFor(pixels: number): number {
  return Math.min(MOST_BUCKETS, Math.max(1, Math.ceil(pixels / STEP_OF_BUCKETS)) * STEP_OF_BUCKETS);
}

/** Of relative time, each run is asked for alone: runs that lie days apart would get a bucket or two each. */
export function wantedOf(view: View, run: ViewRun): Wanted {
  const relative = view.x === "relative";
  const origin = relative ? run.startTime : 0;
  const range = origin === undefined ? undefined : view.range;
  const start = range && whole(Math.ceil(range[0] + (origin ?? 0)));
  const end = range && whole(Math.floor(range[1] + (origin ?? 0)));
  return {
    runId: run.runId,
    key: view.key,
    axis: view.x === "step" ? "step" : "time",
    start,
    end: start !== undefined && end !== undefined ? Math.max(start, end) : undefined,
    buckets: view.buckets,
    alone: relative ? "run" : undefined,
  };
}

function whole(number: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, number));
}
