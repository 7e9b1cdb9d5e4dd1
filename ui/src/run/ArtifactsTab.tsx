import type { RunMessage } from "@/api/endpoints";
import { ArtifactBrowser } from "@/artifacts/ArtifactBrowser";
import { idOf } from "@/runs/values";
import { useRunSearch } from "./useRunSearch";

export default function ArtifactsTab({ run }: { run: RunMessage }) {
  const [search, change] = useRunSearch();
  return (
    <ArtifactBrowser
      root={{ runId: idOf(run) }}
      path={search.path ?? ""}
      onPath={(path) => change({ path: path || undefined }, true)}
    />
  );
}
