/**
 * Parts of the page are fetched when they are needed. Where one can't be fetched, either the server is gone, or it was
 * exchanged for one whose files have other names: then the page is of yesterday and has to be loaded anew.
 */

import { address } from "@/api/call";

const MODULE_MISSING =
  /dynamically imported module|Importing a module script failed|Unable to preload CSS|module script/i;
const KEY = "headrace.reloaded";
const ONCE_MS = 30_000;

export class PartMissing extends Error {
  constructor(cause: unknown) {
    super("A part of this page couldn't be fetched.", { cause });
    this.name = "PartMissing";
  }
}

/** The router would load the page anew for any part that is missing, also while the server is gone. */
export const part = <T>(loading: Promise<T>): Promise<T> =>
  loading.catch((error: unknown) => {
    throw new PartMissing(error);
  });

export const isPartMissing = (error: Error): boolean =>
  error instanceof PartMissing || MODULE_MISSING.test(error.message);

export async function serverAnswers(): Promise<boolean> {
  try {
    return (await fetch(address("/health"))).ok;
  } catch {
    return false;
  }
}

/** True if the page is being loaded anew; false if that was just done and didn't help. */
export function reloadOnce(): boolean {
  if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < ONCE_MS) return false;
  sessionStorage.setItem(KEY, String(Date.now()));
  window.location.reload();
  return true;
}

/** Said once after `reloadOnce`. */
export function wasReloaded(): boolean {
  const at = Number(sessionStorage.getItem(KEY) ?? 0);
  const said = sessionStorage.getItem(`${KEY}.said`);
  if (!at || said === String(at) || Date.now() - at > ONCE_MS) return false;
  sessionStorage.setItem(`${KEY}.said`, String(at));
  return true;
}
