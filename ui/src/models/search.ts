/** What of the models' pages is in their addresses. */

import { ORDERS, type Order } from "./filters";

type Given = Record<string, unknown>;

export interface ModelsSearch {
  q?: string;
  /** "key" or "key=value" */
  tag?: string;
  order?: Order;
}

export interface ModelSearch {
  /** Of the history: of this alias alone. */
  alias?: string;
  /** A moment, as an <input type="datetime-local"> has it: where the aliases were then. */
  at?: string;
  /** The versions to be compared. */
  pick?: string;
}

export const VERSION_TABS = ["overview", "files", "use", "try"] as const;

export interface VersionSearch {
  tab?: (typeof VERSION_TABS)[number];
  /** Of the file that is shown. */
  path?: string;
}

const text = (given: unknown): string | undefined =>
  given === undefined || given === null || given === "" ? undefined : String(given);

const one = <T extends string>(given: unknown, known: readonly T[]): T | undefined =>
  known.find((each) => each === given);

export const modelsSearch = (given: Given): ModelsSearch => ({
  q: text(given.q),
  tag: text(given.tag),
  order: one(given.order, Object.keys(ORDERS) as Order[]),
});

export const modelSearch = (given: Given): ModelSearch => ({
  alias: text(given.alias),
  at: text(given.at),
  pick: text(given.pick),
});

export const versionSearch = (given: Given): VersionSearch => ({
  tab: one(given.tab, VERSION_TABS),
  path: text(given.path),
});
