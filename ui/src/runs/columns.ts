/** The columns of the table of runs: four that every run has, then chosen metrics and params. */

import type { RunMessage } from "@/api/endpoints";
import { durationText, fieldOf, metricText, startText } from "./values";

export interface Column {
  id: string;
  title: string;
  width: number;
  /** What the order language calls it; undefined where there is no order by it. */
  order?: string;
  numeric?: boolean;
  text: (run: RunMessage) => string;
}

const FIXED: Column[] = [
  {
    id: "status",
    title: "Status",
    width: 92,
    order: "attributes.status",
    text: (run) => run.info.status ?? "",
  },
  { id: "start", title: "Started", width: 124, order: "attributes.start_time", text: startText },
  { id: "duration", title: "Duration", width: 104, text: durationText },
  {
    id: "user",
    title: "User",
    width: 96,
    order: "attributes.user_id",
    text: (run) => run.info.user_id ?? "",
  },
];
const WIDTH = 128;

export function columnsOf(metrics: string[], params: string[]): Column[] {
  return [
    ...FIXED,
    ...metrics.map((key) => ({
      id: `metrics.${key}`,
      title: key,
      width: WIDTH,
      numeric: true,
      order: fieldOf("metrics", key),
      text: (run: RunMessage) => metricText(run.data?.metrics?.find((each) => each.key === key)?.value),
    })),
    ...params.map((key) => ({
      id: `params.${key}`,
      title: key,
      width: WIDTH,
      order: fieldOf("params", key),
      text: (run: RunMessage) => run.data?.params?.find((each) => each.key === key)?.value ?? "",
    })),
  ];
}

/** The next order of a column that is pressed: down, up, none. */
export function nextOrder(now: string, field: string): string {
  if (now === `${field} DESC`) return `${field} ASC`;
  return now === `${field} ASC` ? "" : `${field} DESC`;
}
