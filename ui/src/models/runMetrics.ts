/** Which metrics of their runs stand beside versions: few, and those that tell them apart. */

export type Metrics = Map<string, number | string>;

const SYSTEM = "system/";

/** wanted: always, where a version has it. The rest goes to what most versions have, by name. */
export function shownMetrics(versions: (Metrics | undefined)[], wanted: string[], most: number): string[] {
  const counts = new Map<string, number>();
  for (const metrics of versions)
    for (const key of metrics?.keys() ?? [])
      if (!key.startsWith(SYSTEM)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const common = [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([key]) => key);
  return [...new Set([...wanted.filter((key) => counts.has(key)), ...common])].slice(0, most);
}
