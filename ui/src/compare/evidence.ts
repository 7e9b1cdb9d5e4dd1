/**
 * What the files of a run tell of how it was made: packages, Python, command, changes that weren't committed. Runs of
 * projects keep them below `project/`; a logged model names what it needs; some people log a requirements.txt.
 */

import { type QueryClient, queryOptions } from "@tanstack/react-query";
import type { RunMessage } from "@/api/endpoints";
import { fileAddress, nameOf, type Root } from "@/artifacts/address";
import { type Entry, listing } from "@/artifacts/queries";
import { readAll, TooLong, textOf } from "@/artifacts/read";
import { ofRequirements, ofYaml, type Packages, together } from "./packages";

const MOST_BYTES = 2 << 20; // of one file: a diff above it isn't read by anybody
const PROJECT = "project";
const REQUIREMENTS = ["requirements.txt", "requirements.lock"];
const YAML = ["python_env.yaml", "conda.yaml"];

export interface Evidence {
  packages: Packages;
  /** Names of the files that the packages were read from. */
  from: string[];
  diff?: string;
  command?: string;
  entryPoint?: string;
  platform?: string;
  manager?: string;
}

interface Launch {
  command?: string;
  entry_point?: string;
  platform?: string;
  python?: string;
  environment?: { manager?: string };
}

export const evidenceOf = (queries: QueryClient, run: RunMessage, wanted: boolean) =>
  queryOptions({
    queryKey: ["compare-evidence", run.info.run_id],
    enabled: wanted,
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<Evidence> => {
      const root: Root = { runId: run.info.run_id ?? "" };
      const list = (of: Root, folder: string) => queries.fetchQuery(listing(of, folder));
      const top = await list(root, "");
      const inProject = has(top, PROJECT) ? await list(root, PROJECT) : [];
      const found: Evidence = { packages: { versions: {} }, from: [] };
      const launch = await read(root, inProject, "launch.json", signal);
      if (launch) Object.assign(found, launched(launch));
      found.diff = await read(root, inProject, "changes.diff", signal);
      const parts: Packages[] = [];
      const take = async (of: Root, entries: Entry[], names: string[]) => {
        for (const name of names) {
          const text = await read(of, entries, name, signal);
          if (text === undefined) continue;
          parts.push(name.endsWith(".yaml") ? ofYaml(text) : ofRequirements(text));
          found.from.push(entries.find((entry) => nameOf(entry.path) === name)?.path ?? name);
        }
      };
      await take(root, inProject, ["packages.txt"]);
      if (parts.length === 0) await take(root, top, [...REQUIREMENTS, ...YAML]);
      if (parts.length === 0) {
        const model = modelOf(run, top);
        if (model) await take(model.root, await list(model.root, model.folder), [...REQUIREMENTS, ...YAML]);
      }
      found.packages = together(parts);
      return found;
    },
  });

const has = (entries: Entry[], name: string): boolean => entries.some((entry) => entry.path === name);

function launched(text: string): Partial<Evidence> {
  try {
    const { command, entry_point: entryPoint, platform, environment } = JSON.parse(text) as Launch;
    return { command, entryPoint, platform, manager: environment?.manager };
  } catch {
    return {}; // a file of that name that somebody else wrote
  }
}

/** The last model that the run logged: one of its own, or a folder of its artifacts. */
function modelOf(run: RunMessage, top: Entry[]): { root: Root; folder: string } | undefined {
  const modelId = run.outputs?.model_outputs?.at(-1)?.model_id;
  if (modelId) return { root: { modelId }, folder: "" };
  const root = { runId: run.info.run_id ?? "" };
  const history = run.data?.tags?.find((tag) => tag.key === "mlflow.log-model.history")?.value;
  const folder = lastPath(history);
  return folder && has(top, folder.split("/")[0] ?? "") ? { root, folder } : undefined;
}

function lastPath(history: string | undefined): string | undefined {
  try {
    const path = (JSON.parse(history ?? "[]") as { artifact_path?: string }[]).at(-1)?.artifact_path;
    return typeof path === "string" ? path : undefined;
  } catch {
    return undefined;
  }
}

async function read(
  root: Root,
  entries: Entry[],
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const entry = entries.find((each) => nameOf(each.path) === name && !each.folder);
  if (!entry || "name" in root) return undefined;
  try {
    return textOf(await readAll(fileAddress(root, entry.path), MOST_BYTES, signal));
  } catch (error) {
    if (error instanceof TooLong) return `${entry.path} is ${error.total.toLocaleString("en")} bytes long.`;
    throw error;
  }
}
