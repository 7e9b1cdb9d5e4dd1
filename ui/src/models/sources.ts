/** The runs that versions came of: what stands beside a version of its run. */

import type { RunAnswer } from "@/api/endpoints";

export type Metrics = Map<string, number | string>;

export interface SourceRun {
  id: string;
  name: string;
  experimentId: string;
  metrics: Metrics;
}

const SYSTEM = "system/";

export function sourceOf({ run }: RunAnswer): SourceRun {
  const { run_id: id = "", run_name: name, experiment_id: experimentId = "" } = run?.info ?? {};
  const metrics = (run?.data?.metrics ?? []).filter((each) => !each.key?.startsWith(SYSTEM));
  return {
    id,
    name: name || id,
    experimentId,
    metrics: new Map(metrics.map((each) => [each.key ?? "", each.value ?? ""])),
  };
}

/**
 * Which metrics stand beside versions: few, and those that tell them apart. wanted: always, where a version has it. The
 * rest goes to what most versions have, by name.
 */
export function shownMetrics(versions: Metrics[], wanted: string[], most: number): string[] {
  const counts = new Map<string, number>();
  for (const metrics of versions)
    for (const key of metrics.keys()) counts.set(key, (counts.get(key) ?? 0) + 1);
  const common = [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([key]) => key);
  return [...new Set([...wanted.filter((key) => counts.has(key)), ...common])].slice(0, most);
}
