import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { queryClient } from "./api/client";
import { compareSearch } from "./compare/search";
import { experimentsSearch } from "./experiments/search";
import { feed } from "./live/server";
import { modelSearch, modelsSearch, versionSearch } from "./models/search";
import { runSearch } from "./run/search";
import { fetchFirstRuns } from "./runs/prefetch";
import { runsSearch } from "./runs/search";
import { Failed, NotFound } from "./shell/Failed";
import { Shell } from "./shell/Shell";
import { part } from "./shell/stale";

/** The router would let what a page can't use of its address through beside what it can. */
function only<T extends object>(validated: (given: Record<string, unknown>) => T) {
  return (given: Record<string, unknown>): T => ({
    ...Object.fromEntries(Object.keys(given).map((key) => [key, undefined])),
    ...validated(given),
  });
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const experiments = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: only(experimentsSearch),
  component: lazyRouteComponent(() => part(import("./experiments/ExperimentsPage")), "ExperimentsPage"),
});

// Pages that live: what they show from now on is told to them.
const begin = () => {
  void feed.begin();
};

const runs = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId",
  validateSearch: only(runsSearch),
  beforeLoad: begin,
  // Its runs are on their way while its code is.
  loader: ({ params, location, cause }) => {
    if (cause !== "stay") fetchFirstRuns(queryClient, params.experimentId, runsSearch(location.search));
  },
  component: lazyRouteComponent(() => part(import("./runs/RunsPage")), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/runs/$runId",
  validateSearch: only(runSearch),
  beforeLoad: begin,
  component: lazyRouteComponent(() => part(import("./run/RunPage")), "RunPage"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/compare",
  validateSearch: only(compareSearch),
  beforeLoad: begin,
  component: lazyRouteComponent(() => part(import("./compare/ComparePage")), "ComparePage"),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  validateSearch: only(modelsSearch),
  component: lazyRouteComponent(() => part(import("./models/ModelsPage")), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/models/$name",
  validateSearch: only(modelSearch),
  component: lazyRouteComponent(() => part(import("./models/ModelPage")), "ModelPage"),
});

const version = createRoute({
  getParentRoute: () => root,
  path: "/models/$name/versions/$version",
  validateSearch: only(versionSearch),
  component: lazyRouteComponent(() => part(import("./models/VersionPage")), "VersionPage"),
});

const routeTree = root.addChildren([experiments, runs, run, compare, models, model, version]);

export const router = createRouter({
  routeTree,
  basepath: new URL(document.baseURI).pathname.replace(/\/$/, "") || "/",
  defaultPreload: "intent",
  defaultErrorComponent: Failed,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
