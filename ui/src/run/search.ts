/** What the address says about the page of a run. */

export interface RunSearch {
  tab?: string;
  /** Of the artifact that is shown. */
  path?: string;
  /** State of the charts; they know what of it they can use. */
  charts?: object;
}

const text = (given: unknown): string | undefined =>
  given === undefined || given === null || given === "" ? undefined : String(given);

export const runSearch = (given: Record<string, unknown>): RunSearch => ({
  tab: text(given.tab),
  path: text(given.path),
  charts: given.charts !== null && typeof given.charts === "object" ? given.charts : undefined,
});
