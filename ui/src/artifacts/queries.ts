import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { FileMessage } from "@/api/endpoints";
import { folderOf, joined, nameOf, type Root, rootKey } from "./address";

export interface Entry {
  path: string;
  folder: boolean;
  size?: number;
}

const PROXY = "mlflow-artifacts:";

/** Where a root's files are listed. below: the folder that stands for the root; proxy: below the artifacts destination. */
export type Place =
  | { runId: string; below?: string }
  | { modelId: string; below?: string }
  | { proxy: true; below: string };

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

/** A registered version's files lie with its logged model, in its run, or wherever its address says. */
async function placeOf(root: Root, signal: AbortSignal): Promise<Place | undefined> {
  if (!("name" in root)) return root;
  const { model_version: version } = await call("model-versions.get", root, signal);
  if (version.model_id) return { modelId: version.model_id };
  const known = placeOfUri(version.source ?? "");
  if (known) return known;
  const { artifact_uri: uri = "" } = await call("model-versions.get-download-uri", root, signal);
  return placeOfUri(uri);
}

/** Folders first, each part by name; numbers in names count as numbers. */
const order = (one: Entry, other: Entry): number =>
  Number(other.folder) - Number(one.folder) ||
  one.path.localeCompare(other.path, undefined, { numeric: true });

/** One level. Paths are told from the root, whatever it lies below. */
export const listing = (root: Root, folder: string) =>
  queryOptions({
    queryKey: ["artifacts", rootKey(root), "list", folder],
    queryFn: async ({ signal }): Promise<Entry[]> => {
      const place = await placeOf(root, signal);
      const found = place ? await listed(place, folder, signal) : await registered(root, folder, signal);
      return found.sort(order);
    },
  });

async function listed(place: Place, folder: string, signal: AbortSignal): Promise<Entry[]> {
  const cut = place.below ? place.below.length + 1 : 0;
  const files = await list(place, joined(place.below, folder), signal);
  return files.map((file) => ({
    path: file.path.slice(cut),
    folder: file.is_dir === true,
    size: file.file_size,
  }));
}

/** Of a version whose files this server can't list: those that it was registered with. */
async function registered(root: Root, folder: string, signal: AbortSignal): Promise<Entry[]> {
  if (!("name" in root)) return [];
  const { manifest } = await call("model-versions.manifest", root, signal);
  return level(manifest?.files ?? [], folder);
}

/** The level below a folder, of files that are told by their whole paths. */
export function level(files: { path: string; size_bytes: number }[], folder: string): Entry[] {
  const start = folder ? `${folder}/` : "";
  const found = new Map<string, Entry>();
  for (const file of files) {
    if (!file.path.startsWith(start)) continue;
    const [name = "", ...rest] = file.path.slice(start.length).split("/");
    const path = start + name;
    if (rest.length === 0) found.set(path, { path, folder: false, size: file.size_bytes });
    else found.set(path, { path, folder: true });
  }
  return [...found.values()];
}

/** What lies at a path, which an address may name long after it is gone. */
export const entryAt = (root: Root, path: string) =>
  queryOptions({
    ...listing(root, folderOf(path)),
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
