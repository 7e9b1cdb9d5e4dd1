/** Where files of runs, logged models and registered versions are had: addresses for the browser, URIs for programs. */

import { address } from "@/api/call";
import { ADDRESSES } from "@/api/endpoints";

export type Root = { runId: string } | { modelId: string } | { name: string; version: string };

/** One text for each root: for keys of queries. */
export const rootKey = (root: Root): string =>
  "runId" in root
    ? `run/${root.runId}`
    : "modelId" in root
      ? `model/${root.modelId}`
      : `version/${root.name}/${root.version}`;

export const joined = (folder: string | undefined, path: string): string =>
  folder ? (path ? `${folder}/${path}` : folder) : path;

export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

export function fileAddress(root: Root, path: string): string {
  if ("runId" in root) return address(ADDRESSES["artifacts.get"], { run_id: root.runId, path });
  if ("name" in root) return address(ADDRESSES["artifacts.get-version"], { ...root, path });
  const place = ADDRESSES["artifacts.get-model"].replace("{model_id}", encodeURIComponent(root.modelId));
  return address(place, { artifact_file_path: path });
}

/** A root as the fields that name it in requests. */
export const fields = (root: Root): Record<string, string> =>
  "runId" in root
    ? { run_id: root.runId }
    : "modelId" in root
      ? { model_id: root.modelId }
      : { name: root.name, version: root.version };

/** A folder as one zip; the whole root for an empty path. */
export const zipAddress = (root: Root, path: string): string =>
  address(ADDRESSES["artifacts.zip"], { ...fields(root), path: path || undefined });

/** What programs load it by. */
export function uriOf(root: Root, path: string): string {
  const start =
    "runId" in root
      ? `runs:/${root.runId}`
      : "modelId" in root
        ? `models:/${root.modelId}`
        : `models:/${root.name}/${root.version}`;
  return joined(start, path);
}
