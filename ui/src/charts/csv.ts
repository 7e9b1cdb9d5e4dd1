/** The points of a chart as CSV: every one that was logged, or buckets where those are too many for a file. */

import { call } from "@/api/call";
import { csvLine } from "@/parts/csv";
import type { ChartRun } from "./picture";
import type { Series } from "./series";

const PAGE = 10_000;
const MOST_POINTS = 2_000_000;
const LATE = 8.64e15; // the last ms that a date can say

export async function chartCsv(
  key: string,
  runs: ChartRun[],
  series: ReadonlyMap<string, Series | null>,
  signal?: AbortSignal,
): Promise<{ file: Blob; note?: string }> {
  const points = [...series.values()].reduce((sum, each) => sum + (each?.total ?? 0), 0);
  if (points > MOST_POINTS)
    return {
      file: new Blob([bucketsCsv(key, runs, series)]),
      note: `${points.toLocaleString("en")} points are too many for a file: it holds their buckets instead.`,
    };
  const parts = [csvLine(["run_id", "run_name", "metric", "step", "time", "value"])];
  for (const run of runs) for await (const page of pages(key, run, signal)) parts.push(page);
  return { file: new Blob(parts, { type: "text/csv;charset=utf-8" }) };
}

async function* pages(key: string, run: ChartRun, signal?: AbortSignal): AsyncGenerator<string> {
  let token: string | undefined;
  do {
    const page = await call(
      "metrics.history",
      { run_id: run.runId, metric_key: key, max_results: PAGE, page_token: token },
      signal,
    );
    yield (page.metrics ?? [])
      .map(({ step, timestamp, value }) =>
        csvLine([run.runId, run.name, key, step ?? 0, timeText(timestamp), value]),
      )
      .join("");
    token = page.next_page_token || undefined;
  } while (token);
}

function timeText(ms: number): string | number {
  return Math.abs(ms) <= LATE ? new Date(ms).toISOString() : ms;
}

export function bucketsCsv(
  key: string,
  runs: ChartRun[],
  series: ReadonlyMap<string, Series | null>,
): string {
  const lines = [
    csvLine([
      "run_id",
      "run_name",
      "metric",
      "last_x",
      "last",
      "minimum",
      "minimum_x",
      "maximum",
      "maximum_x",
      "count",
    ]),
  ];
  for (const run of runs) {
    const each = series.get(run.runId);
    if (!each) continue;
    for (let i = 0; i < each.x.length; i += 1)
      lines.push(
        csvLine([
          run.runId,
          run.name,
          key,
          each.x[i] as number,
          each.last[i] as number,
          each.minimum[i] as number,
          each.minimumX[i] as number,
          each.maximum[i] as number,
          each.maximumX[i] as number,
          each.count[i] as number,
        ]),
      );
  }
  return lines.join("");
}
