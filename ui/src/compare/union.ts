/** Files of several runs as one tree. */

import type { Entry } from "@/artifacts/queries";

export interface SharedEntry {
  path: string;
  folder: boolean;
  /** Places of the runs that have it. */
  has: number[];
  /** By place of the run. */
  sizes: Map<number, number>;
}

/** One level of each run; folders first, in the order of names that numbers in them have. A list is undefined while it is read. */
export function union(levels: readonly (readonly Entry[] | undefined)[]): SharedEntry[] {
  const found = new Map<string, SharedEntry>();
  levels.forEach((level, at) => {
    for (const entry of level ?? []) {
      const key = `${entry.folder} ${entry.path}`;
      const shared: SharedEntry = found.get(key) ?? {
        path: entry.path,
        folder: entry.folder,
        has: [],
        sizes: new Map(),
      };
      shared.has.push(at);
      if (entry.size !== undefined) shared.sizes.set(at, entry.size);
      found.set(key, shared);
    }
  });
  return [...found.values()].sort(
    (one, other) =>
      Number(other.folder) - Number(one.folder) ||
      one.path.localeCompare(other.path, undefined, { numeric: true }),
  );
}

export type Sameness = "same" | "differs" | "alone" | "unknown";

/** Whether those that have a file have the same: by digest, and by size where the server saw no digest. */
export function sameness(
  entry: SharedEntry,
  digests: readonly (ReadonlyMap<string, string> | undefined)[],
): Sameness {
  if (entry.has.length < 2) return "alone";
  const known = entry.has.map((at) => digests[at]?.get(entry.path));
  const told = new Set(known.filter((digest) => digest !== undefined));
  const sizes = new Set(entry.has.map((at) => entry.sizes.get(at)).filter((size) => size !== undefined));
  if (told.size > 1 || sizes.size > 1) return "differs";
  return told.size === 1 && known.every((digest) => digest !== undefined) ? "same" : "unknown";
}
