/** Where files of runs, logged models and registered versions are had: addresses for the browser, URIs for programs. */

import { address } from "@/api/call";

export type Root = { runId: string } | { modelId: string } | { name: string; version: string };

/** What the server hands out files of. below: the folder that stands for the root; proxy: it lies at the destination. */
export type Place =
  | { runId: string; below?: string }
  | { modelId: string; below?: string }
  | { proxy: true; below?: string };

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

/** A file's address; a run's or model's root is a place as it is. */
export function fileAddress(place: Place, path: string): string {
  const inPlace = joined(place.below, path);
  if ("runId" in place) return address("/get-artifact", { run_id: place.runId, path: inPlace });
  if ("modelId" in place)
    return address(
      `/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(place.modelId)}/artifacts/files`,
      { artifact_file_path: inPlace },
    );
  const words = inPlace.split("/").map(encodeURIComponent).join("/");
  return address(`/ajax-api/2.0/mlflow-artifacts/artifacts/${words}`);
}

const fields = (root: Root): Record<string, string> =>
  "runId" in root
    ? { run_id: root.runId }
    : "modelId" in root
      ? { model_id: root.modelId }
      : { name: root.name, version: root.version };

/** A folder as one zip; the whole root for an empty path. */
export const zipAddress = (root: Root, path: string): string =>
  address("/ajax-api/1.0/headrace/artifacts/zip", { ...fields(root), path: path || undefined });

/** What an ONNX file is made of, in numbers. */
export const onnxAddress = (root: Root, path: string): string =>
  address("/ajax-api/1.0/headrace/artifacts/onnx", { ...fields(root), path });

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
