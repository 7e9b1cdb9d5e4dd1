import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Problem } from "./parts/Problem";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

function NotFound() {
  return <Problem error={new Error("There is no such page.")} />;
}

const experiments = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (given: Record<string, unknown>): { q?: string; deleted?: boolean } => ({
    q: given.q ? String(given.q) : undefined,
    deleted: given.deleted === true || undefined,
  }),
  component: lazyRouteComponent(() => import("./experiments/ExperimentsPage"), "ExperimentsPage"),
});

const words = (given: unknown): string[] | undefined =>
  Array.isArray(given) ? given.map(String) : undefined;

const runs = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId",
  validateSearch: (
    given: Record<string, unknown>,
  ): { filter?: string; order?: string; deleted?: boolean; metrics?: string[]; params?: string[] } => ({
    filter: given.filter ? String(given.filter) : undefined,
    order: given.order ? String(given.order) : undefined,
    deleted: given.deleted === true || undefined,
    metrics: words(given.metrics),
    params: words(given.params),
  }),
  component: lazyRouteComponent(() => import("./runs/RunsPage"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/runs/$runId",
  component: lazyRouteComponent(() => import("./run/RunPage"), "RunPage"),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  validateSearch: (given: Record<string, unknown>): { q?: string } => ({
    q: given.q ? String(given.q) : undefined,
  }),
  component: lazyRouteComponent(() => import("./models/ModelsPage"), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/models/$name",
  component: lazyRouteComponent(() => import("./models/ModelPage"), "ModelPage"),
});

const version = createRoute({
  getParentRoute: () => root,
  path: "/models/$name/versions/$version",
  component: lazyRouteComponent(() => import("./models/VersionPage"), "VersionPage"),
});

const routeTree = root.addChildren([experiments, runs, run, models, model, version]);

export const router = createRouter({
  routeTree,
  basepath: new URL(document.baseURI).pathname.replace(/\/$/, "") || "/",
  defaultPreload: "intent",
  defaultErrorComponent: ({ error }) => <Problem error={error as Error} />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
