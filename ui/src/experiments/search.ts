/** What the address says about the list of experiments. */

export const ORDERS = ["changed", "name", "made"] as const;
export type Order = (typeof ORDERS)[number];

export interface ExperimentsSearch {
  q?: string;
  deleted?: boolean;
  /** What changed last comes first where nothing is said. */
  order?: Order;
}

export const experimentsSearch = (given: Record<string, unknown>): ExperimentsSearch => ({
  q: given.q === undefined || given.q === "" ? undefined : String(given.q),
  deleted: given.deleted === true || undefined,
  order: ORDERS.find((each) => each === given.order && each !== "changed"),
});
