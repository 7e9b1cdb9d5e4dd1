import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { RunMessage } from "@/api/endpoints";
import { evidenceOf } from "./evidence";
import { extremes } from "./queries";
import {
  attributeRows,
  codeRows,
  datasetRows,
  environmentRows,
  metricRows,
  pairRows,
  type Row,
  shownRows,
} from "./rows";
import { type CompareSearch, SECTIONS, type Section } from "./search";

const TITLES: Record<Section, string> = {
  attributes: "Attributes",
  params: "Params",
  metrics: "Metrics",
  tags: "Tags",
  datasets: "Datasets",
  environment: "Environment",
  code: "Code",
};
const FILES: readonly Section[] = ["environment", "code"];
/** Files of more runs are read when somebody opens the sections that need them. */
const MANY_RUNS = 10;
const NONE = new Map<string, never>();

export interface Part {
  section: Section;
  title: string;
  closed: boolean;
  /** Those that the filters leave. */
  rows: Row[];
  total: number;
  differing: number;
  /** What there is to say instead of rows, or beside them. */
  note?: string;
}

export function closedSections(search: CompareSearch, runs: number): readonly Section[] {
  return search.closed ?? (runs > MANY_RUNS ? FILES : []);
}

export function useParts(runs: RunMessage[], search: CompareSearch): Part[] {
  const { value, q = "", different = false } = search;
  const closed = closedSections(search, runs.length);
  const wanted = FILES.some((section) => !closed.includes(section));
  const queries = useQueryClient();
  const files = useQueries({
    queries: runs.map((run) => evidenceOf(queries, run, wanted)),
    combine: (found) => ({
      evidence: found.map((each) => each.data),
      reading: found.filter((each) => each.isFetching).length,
      failed: found.flatMap((each, at) =>
        each.error ? [`${runs[at]?.info.run_name}: ${each.error.message}`] : [],
      ),
    }),
  });
  const { ids, keys } = useMemo(
    () => ({
      ids: runs.map((run) => run.info.run_id ?? ""),
      keys: [...new Set(runs.flatMap((run) => (run.data?.metrics ?? []).map((each) => each.key)))].sort(),
    }),
    [runs],
  );
  const ranges = useQuery(extremes(ids, keys, value !== undefined));
  const { evidence } = files;
  const all = useMemo(
    (): Record<Section, Row[]> => ({
      attributes: attributeRows(runs),
      params: pairRows(runs, "params"),
      metrics: metricRows(runs, value, ranges.data ?? NONE),
      tags: pairRows(runs, "tags"),
      datasets: datasetRows(runs),
      environment: environmentRows(evidence),
      code: codeRows(runs, evidence),
    }),
    [runs, value, ranges.data, evidence],
  );
  const notes: Partial<Record<Section, string | undefined>> = {
    metrics: ranges.error ? ranges.error.message : ranges.isFetching ? "Reading…" : undefined,
  };
  for (const section of FILES)
    notes[section] =
      files.failed.length > 0
        ? `Not read: ${files.failed.join("; ")}`
        : files.reading > 0
          ? `Reading the files of ${files.reading} runs…`
          : undefined;
  return SECTIONS.map((section) => {
    const rows = all[section];
    return {
      section,
      title: TITLES[section],
      closed: closed.includes(section),
      rows: shownRows(rows, q, different),
      total: rows.length,
      differing: rows.filter((row) => row.differs).length,
      note: notes[section],
    };
  });
}
