/**
 * Which tabs hold a stream. A browser opens six connections to a server and no more, and a stream keeps one: some must
 * stay free for everything else, in all tabs and windows together. Kept in the browser's storage, since the locks that
 * browsers have need HTTPS. A tab that died loses its place after a while.
 */

import { store, stored } from "@/parts/stored";

const KEY = "headrace.streams";
const MOST = 3;
const HELD_MS = 30_000;
const RENEWED_MS = 10_000;

const tab = Math.random().toString(36).slice(2);
let renewal: ReturnType<typeof setInterval> | undefined;

function others(): Record<string, number> {
  const now = Date.now();
  const kept = Object.entries((stored(KEY) ?? {}) as Record<string, number>);
  return Object.fromEntries(kept.filter(([id, until]) => id !== tab && until > now));
}

const renew = () => store(KEY, { ...others(), [tab]: Date.now() + HELD_MS });

/** True if this tab may hold a stream now; it has a place until `releaseSlot`. */
export function takeSlot(): boolean {
  if (Object.keys(others()).length >= MOST) return false;
  renew();
  clearInterval(renewal);
  renewal = setInterval(renew, RENEWED_MS);
  return true;
}

export function releaseSlot(): void {
  if (renewal === undefined) return;
  clearInterval(renewal);
  renewal = undefined;
  store(KEY, others());
}
