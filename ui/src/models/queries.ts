import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { address, call, send } from "@/api/call";
import { quoted } from "@/api/filters";
import { modelFilter, ORDERS } from "./filters";
import { readMlModel } from "./mlmodel";
import type { ModelsSearch } from "./search";
import { sourceOf } from "./sources";

const PAGE = 100;
const EVENTS = 50;
const LONGEST_FILE = 4 << 20; // bytes; an MLmodel or a file of requirements is far below
const FOR_EVER = Number.POSITIVE_INFINITY; // what never changes once it is there

export const modelPages = ({ q = "", tag = "", order = "changed" }: ModelsSearch) =>
  infiniteQueryOptions({
    queryKey: ["models", q, tag, order],
    queryFn: ({ pageParam, signal }) =>
      call(
        "registered-models.search",
        {
          filter: modelFilter(q, tag) || undefined,
          max_results: PAGE,
          order_by: [ORDERS[order]],
          page_token: pageParam || undefined,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    placeholderData: (before) => before,
  });

export const modelOf = (name: string) =>
  queryOptions({
    queryKey: ["model", name],
    queryFn: ({ signal }) => call("registered-models.get", { name }, signal),
  });

export const versionPages = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["model", name, "versions"],
    queryFn: ({ pageParam, signal }) =>
      call(
        "model-versions.search",
        {
          filter: `name = ${quoted(name)}`,
          max_results: PAGE,
          order_by: ["version_number DESC"],
          page_token: pageParam || undefined,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
  });

/** alias: what happened to this one alone. */
export const historyPages = (name: string, alias?: string) =>
  infiniteQueryOptions({
    queryKey: ["model", name, "history", alias ?? ""],
    queryFn: ({ pageParam, signal }) =>
      call(
        "registered-models.history",
        {
          name,
          ...(alias ? { key: alias, kinds: ["alias_set", "alias_removed"] } : {}),
          max_results: EVENTS,
          page_token: pageParam || undefined,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    placeholderData: (before) => before,
  });

export const aliasAt = (name: string, alias: string, atMs: number) =>
  queryOptions({
    queryKey: ["model", name, "alias-at", alias, atMs],
    queryFn: ({ signal }) => call("registered-models.alias-at", { name, alias, at_ms: atMs }, signal),
  });

export const policyOf = (name: string) =>
  queryOptions({
    queryKey: ["model", name, "policy"],
    queryFn: ({ signal }) => call("registered-models.get-policy", { name }, signal),
  });

/** How a version stands to the policy; alias: to what guards this one. */
export const standingOf = (name: string, version: string, alias?: string) =>
  queryOptions({
    queryKey: ["model", name, "version", version, "standing", alias ?? ""],
    queryFn: ({ signal }) => call("model-versions.check", { name, version, alias }, signal),
  });

export const versionOf = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model", name, "version", version],
    queryFn: ({ signal }) => call("model-versions.get", { name, version }, signal),
  });

export const manifestOf = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model", name, "version", version, "manifest"],
    queryFn: ({ signal }) => call("model-versions.manifest", { name, version }, signal),
  });

export const signaturesOf = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model", name, "version", version, "signatures"],
    queryFn: ({ signal }) => call("model-versions.signatures", { name, version }, signal),
  });

export const lineageOf = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model", name, "version", version, "lineage"],
    queryFn: ({ signal }) => call("model-versions.lineage", { name, version }, signal),
  });

/** The versions with the very same files. */
export const versionsOfDigest = (digest: string | undefined) =>
  queryOptions({
    queryKey: ["versions-from", "digest", digest ?? ""],
    enabled: Boolean(digest),
    queryFn: ({ signal }) => call("model-versions.from", { digest }, signal),
  });

/** The run that a version came of. */
export const sourceRunOf = (runId: string) =>
  queryOptions({
    queryKey: ["source-run", runId],
    queryFn: async ({ signal }) => sourceOf(await call("runs.get", { run_id: runId }, signal)),
    staleTime: 60_000,
  });

export const versionFile = (name: string, version: string, path: string | undefined) =>
  queryOptions({
    queryKey: ["model", name, "version", version, "file", path ?? ""],
    enabled: path !== undefined,
    staleTime: FOR_EVER,
    queryFn: ({ signal }) => readVersionFile(name, version, path ?? "", signal),
  });

export const mlModelOf = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model", name, "version", version, "mlmodel"],
    staleTime: FOR_EVER,
    queryFn: async ({ signal }) => readMlModel(await readVersionFile(name, version, "MLmodel", signal)),
  });

async function readVersionFile(
  name: string,
  version: string,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const answer = await send(address("/model-versions/get-artifact", { name, version, path }), { signal });
  const size = Number(answer.headers.get("content-length") ?? 0);
  if (size > LONGEST_FILE) throw new Error(`${path} is too long to be shown here (${size} bytes).`);
  return await answer.text();
}

/** The run in which `headrace monitor` keeps what it found of this version, newest first; none where nobody looks. */
export const monitoringOf = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model", name, "version", version, "monitoring"],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const found = await call(
        "experiments.search",
        { filter: `name = ${quoted(`monitoring/${name}`)}`, max_results: 1 },
        signal,
      );
      const id = found.experiments?.[0]?.experiment_id;
      if (!id) return null;
      const runs = await call(
        "runs.project",
        {
          experiment_ids: [id],
          filter: `tags.\`headrace.monitoring.revision\` = ${quoted(version)}`,
          metrics: ["requests", "alarms", "drifted_columns"],
          params: [],
          tags: ["headrace.monitoring.state"],
          inputs: false,
          max_results: 1,
        },
        signal,
      );
      return runs.runs?.[0] ?? null;
    },
  });
