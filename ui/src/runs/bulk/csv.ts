/** Runs as CSV: one header, one run a line. */

import type { RunMessage } from "@/api/endpoints";
import { csvLine } from "@/parts/csv";
import type { Column } from "../columns";
import { idOf, nameOf } from "../values";

/** What a file says: times as ISO 8601, durations in seconds, metrics in full. */
export function exported(run: RunMessage, column: Column): string {
  const { start_time: start, end_time: end } = run.info;
  const iso = (ms: number | undefined) => (ms === undefined ? "" : new Date(ms).toISOString());
  if (column.id === "start") return iso(start);
  if (column.id === "end") return iso(end);
  if (column.id === "duration")
    return start === undefined || end === undefined ? "" : String((end - start) / 1_000);
  return column.full(run);
}

const titleOf = ({ part, id, key }: Column): string =>
  part !== "attributes" ? `${part}.${key}` : id === "duration" ? "duration_s" : id;

export const csvHead = (columns: Column[]): string =>
  csvLine(["run_id", "run_name", ...columns.map(titleOf)]);

export const csvLines = (runs: RunMessage[], columns: Column[]): string =>
  runs
    .map((run) => csvLine([idOf(run), nameOf(run), ...columns.map((column) => exported(run, column))]))
    .join("");
