/** Pages that were looked at last, in this browser: the palette leads back to them. */

import { store, stored } from "@/parts/stored";

export interface Place {
  /** Below the server's prefix. */
  path: string;
  title: string;
  /** What it is: an experiment, a run, a model. */
  kind: string;
}

const KINDS: [RegExp, string][] = [
  [/^\/experiments\/[^/]+$/, "Experiment"],
  [/^\/experiments\/[^/]+\/runs\/[^/]+$/, "Run"],
  [/^\/models\/[^/]+$/, "Model"],
  [/^\/models\/[^/]+\/versions\/[^/]+$/, "Version"],
];

/** What lies at a path; undefined for lists, which have keys of their own. */
export const kindOf = (path: string): string | undefined => KINDS.find(([form]) => form.test(path))?.[1];

const KEY = "headrace.recent";
const KEPT = 20;

export function recentPlaces(): Place[] {
  const kept = stored(KEY);
  return Array.isArray(kept) ? kept.filter(isPlace) : [];
}

export function remember(pathname: string, title: string): void {
  const path = pathname.slice(new URL(document.baseURI).pathname.length - 1);
  const kind = kindOf(path);
  if (!kind) return;
  const others = recentPlaces().filter((each) => each.path !== path);
  store(KEY, [{ path, title, kind }, ...others].slice(0, KEPT));
}

function isPlace(given: unknown): given is Place {
  const place = given as Partial<Place> | null;
  return (
    typeof place?.path === "string" &&
    place.path.startsWith("/") &&
    typeof place.title === "string" &&
    typeof place.kind === "string"
  );
}
