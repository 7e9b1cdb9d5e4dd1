import type { RunMessage } from "@/api/endpoints";
import { ArtifactBrowser } from "@/artifacts/ArtifactBrowser";
import { idOf, isRunning } from "@/runs/values";
import { useRunSearch } from "./useRunSearch";

export default function ArtifactsTab({ run }: { run: RunMessage }) {
  const [search, change] = useRunSearch();
  return (
    <ArtifactBrowser
      root={{ runId: idOf(run) }}
      path={search.path ?? ""}
      live={isRunning(run)}
      onPath={(path) => change({ path: path || undefined }, true)}
    />
  );
}
