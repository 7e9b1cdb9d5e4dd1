/** Which files of a run are what programs printed. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { nameOf, type Root } from "@/artifacts/address";
import { type Entry, listing } from "@/artifacts/queries";

const FOLDERS = ["project", "logs"];
const NAMES = /\.(log|out|err)(\.\d+)?$|^(stdout|stderr|output)(\.txt)?$/i;

/** In the folder for logs any file is one; elsewhere its name says so. */
export const isLog = (path: string): boolean => path.startsWith("logs/") || NAMES.test(nameOf(path));

/** Logs at the top, of a project's command, and in the folder `logs`. live: others may come. */
export function useLogs(root: Root, live: boolean): { logs: Entry[]; loading: boolean; error: Error | null } {
  const every = live ? 10_000 : undefined;
  const top = useQuery({ ...listing(root, ""), refetchInterval: every });
  const folders = FOLDERS.filter((name) => top.data?.some((entry) => entry.folder && entry.path === name));
  const deeper = useQueries({
    queries: folders.map((name) => ({ ...listing(root, name), refetchInterval: every })),
  });
  const all = [...deeper.flatMap((each) => each.data ?? []), ...(top.data ?? [])];
  return {
    logs: all.filter((entry) => !entry.folder && isLog(entry.path)),
    loading: top.isPending || deeper.some((each) => each.isPending),
    error: top.error,
  };
}
