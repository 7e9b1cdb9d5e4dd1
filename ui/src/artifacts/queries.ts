import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { FileMessage } from "@/api/endpoints";
import { folderOf, joined, nameOf, type Place, type Root, rootKey } from "./address";

export interface Entry {
  path: string;
  folder: boolean;
  size?: number;
}

const PROXY = "mlflow-artifacts:";

/** A registered version's files lie with its logged model, in its run, or wherever its address says. */
export const placeOf = (root: Root) =>
  queryOptions({
    queryKey: ["artifacts", rootKey(root), "place"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<Place> => {
      if (!("name" in root)) return root;
      const { model_version: version } = await call("model-versions.get", root, signal);
      const known = version.model_id ? { modelId: version.model_id } : placeOfUri(version.source ?? "");
      if (known) return known;
      const { artifact_uri: uri = "" } = await call("model-versions.get-download-uri", root, signal);
      const found = placeOfUri(uri);
      if (!found) throw new Error(`The files lie at ${uri}, which this server doesn't hand out.`);
      return found;
    },
  });

/** None for addresses that only programs with an access of their own can read. */
export function placeOfUri(uri: string): Place | undefined {
  const run = uri.match(/^runs:\/+([^/]+)\/?(.*)$/);
  if (run?.[1]) return { runId: run[1], below: run[2] || undefined };
  const model = uri.match(/^models:\/+(m-[^/]+)\/?(.*)$/);
  if (model?.[1]) return { modelId: model[1], below: model[2] || undefined };
  if (uri.startsWith(PROXY)) {
    const path = decodeURI(uri.slice(PROXY.length).replace(/^\/+/, ""));
    return { proxy: true, below: path.replace(/\/$/, "") };
  }
  return undefined;
}

/** Folders first, each part by name; numbers in names count as numbers. */
const order = (one: Entry, other: Entry): number =>
  Number(other.folder) - Number(one.folder) ||
  one.path.localeCompare(other.path, undefined, { numeric: true });

/** One level. Paths are told from the root, whatever it lies below. */
export const listing = (root: Root, place: Place | undefined, folder: string) =>
  queryOptions({
    queryKey: ["artifacts", rootKey(root), "list", folder],
    enabled: place !== undefined,
    queryFn: async ({ signal }): Promise<Entry[]> => {
      if (!place) return [];
      const files = await list(place, joined(place.below, folder), signal);
      const cut = place.below ? place.below.length + 1 : 0;
      return files
        .map((file) => ({ path: file.path.slice(cut), folder: file.is_dir === true, size: file.file_size }))
        .sort(order);
    },
  });

/** What lies at a path, which an address may name long after it is gone. */
export const entryAt = (root: Root, place: Place | undefined, path: string) =>
  queryOptions({
    ...listing(root, place, folderOf(path)),
    select: (entries: Entry[]): Entry => {
      if (!path) return { path, folder: true };
      const found = entries.find((each) => each.path === path);
      if (!found) throw new Error(`There is no ${nameOf(path)} here (any more).`);
      return found;
    },
  });

async function list(place: Place, folder: string, signal: AbortSignal): Promise<FileMessage[]> {
  if ("runId" in place) {
    const found = await call("artifacts.list", { run_id: place.runId, path: folder || undefined }, signal);
    return found.files ?? [];
  }
  if ("modelId" in place) {
    const asked = { model_id: place.modelId, artifact_directory_path: folder || undefined };
    return (await call("artifacts.list-model", asked, signal)).files ?? [];
  }
  const found = await call("proxy.list", { path: folder || undefined }, signal);
  return (found.files ?? []).map((file) => ({ ...file, path: joined(folder, file.path) }));
}
