import type { RunMessage } from "@/api/endpoints";
import { metricKeys } from "./facts";
import RunCharts from "./RunCharts";
import { useRunSearch } from "./useRunSearch";

export default function ChartsTab({ run }: { run: RunMessage }) {
  const [search, change] = useRunSearch();
  return (
    <RunCharts
      run={run}
      keys={metricKeys(run).own}
      state={search.charts ?? {}}
      onState={(charts) => change({ charts })}
    />
  );
}
