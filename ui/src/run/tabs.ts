/** What each tab shows; each comes when it is opened first. */

import { type ComponentType, lazy } from "react";
import type { RunMessage } from "@/api/endpoints";
import type { RunTab } from "./search";

type Shows = ComponentType<{ run: RunMessage }>;

export const TABS: Record<Exclude<RunTab, "overview">, Shows> = {
  charts: lazy(() => import("./ChartsTab")),
  metrics: lazy(() => import("./MetricsTab")),
  system: lazy(() => import("./SystemTab")),
  params: lazy(() => import("./ParamsTab")),
  tags: lazy(() => import("./TagsTab")),
  datasets: lazy(() => import("./DatasetsTab")),
  models: lazy(() => import("./ModelsTab")),
  logs: lazy(() => import("./LogsTab")),
  artifacts: lazy(() => import("./ArtifactsTab")),
};
