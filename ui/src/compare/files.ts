import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { listing } from "@/artifacts/queries";
import { seriesOf } from "./images";

const MOST_FOLDERS = 40; // of a run that are looked through for images
const DEPTH = 3;

/** SHA-256 by path, of the files that came through the server. */
export const digestsOf = (runId: string) =>
  queryOptions({
    queryKey: ["compare-digests", runId],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const { entries = [] } = await call("artifacts.manifest", { run_id: runId }, signal);
      return new Map(entries.map((entry) => [entry.path, entry.sha256]));
    },
  });

/** Images of a run by series: the server's list of files, and of folders that it doesn't tell of, what is in them. */
export const imagesOf = (queries: QueryClient, runId: string) =>
  queryOptions({
    queryKey: ["compare-images", runId],
    staleTime: 10_000,
    queryFn: async () => {
      const digests = await queries.fetchQuery(digestsOf(runId));
      const paths = new Set(digests.keys());
      const open = [""];
      for (let done = 0; done < open.length && done < MOST_FOLDERS; done += 1) {
        for (const entry of await queries.fetchQuery(listing({ runId }, open[done] ?? ""))) {
          if (!entry.folder) paths.add(entry.path);
          else if (entry.path.split("/").length <= DEPTH) open.push(entry.path);
        }
      }
      return seriesOf([...paths]);
    },
  });
