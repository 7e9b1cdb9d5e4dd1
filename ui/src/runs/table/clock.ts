/** One timer for all that shows how long something goes on; it runs only while something of that sort is shown. */

import { useSyncExternalStore } from "react";

const EVERY_MS = 1_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(tick, EVERY_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

export const useNow = (): number => useSyncExternalStore(listen, () => now);

const MINUTE_MS = 60_000;

/** The minute it is, for "5 minutes ago". */
export function useMinute(): number {
  return useSyncExternalStore(listenMinutes, () => Math.floor(Date.now() / MINUTE_MS));
}

function listenMinutes(listener: () => void): () => void {
  const each = setInterval(listener, MINUTE_MS / 4);
  return () => clearInterval(each);
}
