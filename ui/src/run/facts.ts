/** A run's reserved tags, in words: who and what made it, and from which state of which code. */

import type { RunMessage } from "@/api/endpoints";

export const NOTE_TAG = "mlflow.note.content";
const RESERVED = "mlflow.";
export const SYSTEM = "system/";

export type Pair = [key: string, value: string];

export const tagsOf = (run: RunMessage): Map<string, string> =>
  new Map((run.data?.tags ?? []).map((tag) => [tag.key, tag.value ?? ""]));

/** Tags that people wrote, and those that programs write for themselves. */
export function sortedTags(run: RunMessage): { own: Pair[]; reserved: Pair[] } {
  const all = [...tagsOf(run)].sort(([one], [other]) => one.localeCompare(other));
  return {
    own: all.filter(([key]) => !key.startsWith(RESERVED)),
    reserved: all.filter(([key]) => key.startsWith(RESERVED)),
  };
}

export interface Code {
  commit: string;
  branch?: string;
  dirty: boolean;
  /** The page of the commit, where the repository's host has one. */
  link?: string;
}

export function codeOf(run: RunMessage): Code | undefined {
  const tags = tagsOf(run);
  const commit = tags.get("mlflow.source.git.commit");
  if (!commit) return undefined;
  return {
    commit,
    branch: tags.get("mlflow.source.git.branch"),
    dirty: tags.get("mlflow.source.git.dirty") === "true" || Boolean(tags.get("mlflow.source.git.diff")),
    link: commitLink(tags.get("mlflow.source.git.repoURL") ?? "", commit),
  };
}

const HOSTS = /^(github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)$/;

/** git@host:owner/name.git and https://host/owner/name.git → https://host/owner/name/commit/HASH. */
export function commitLink(repository: string, commit: string): string | undefined {
  const found =
    repository.match(/^https?:\/\/([^/@]+)\/(.+?)(?:\.git)?\/?$/) ??
    repository.match(/^(?:ssh:\/\/)?git@([^:/]+)[:/](.+?)(?:\.git)?\/?$/);
  const [, host = "", path] = found ?? [];
  if (!HOSTS.test(host) || !/^[0-9a-f]{7,64}$/i.test(commit)) return undefined;
  return `https://${host}/${path}/${host === "bitbucket.org" ? "commits" : "commit"}/${commit}`;
}

/** Keys of metrics by where they are shown: what programs measured, and what was measured of the machine. */
export function metricKeys(run: RunMessage): { own: string[]; system: string[] } {
  const keys = (run.data?.metrics ?? [])
    .map((metric) => metric.key)
    .sort((one, other) => one.localeCompare(other));
  return {
    own: keys.filter((key) => !key.startsWith(SYSTEM)),
    system: keys.filter((key) => key.startsWith(SYSTEM)),
  };
}

/** Folders of models that MLflow 2 logged: they are files of the run, and no logged models. */
export function loggedFolders(run: RunMessage): string[] {
  try {
    const history: unknown = JSON.parse(tagsOf(run).get("mlflow.log-model.history") ?? "[]");
    if (!Array.isArray(history)) return [];
    const paths = history
      .filter((each) => !each?.model_id && !each?.model_uuid?.startsWith("m-"))
      .map((each) => String(each?.artifact_path ?? ""));
    return [...new Set(paths.filter(Boolean))];
  } catch {
    return [];
  }
}
