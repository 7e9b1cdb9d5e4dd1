import { call } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import { columnsOf } from "../columns";
import type { Asked } from "../queries";
import { csvHead, csvLines } from "./csv";

const PAGE = 1_000;

/** A file of the columns that are shown: page by page, so that no more than one is held beside the file. */
export async function exportRuns(
  asked: Asked,
  columns: string[],
  ids: string[] | undefined,
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const shown = columnsOf(columns);
  const parts: Blob[] = [new Blob([csvHead(shown)])];
  let done = 0;
  for await (const runs of pagesOf(asked, ids, signal)) {
    parts.push(new Blob([csvLines(runs, shown)]));
    done += runs.length;
    onProgress(done);
  }
  return new Blob(parts, { type: "text/csv;charset=utf-8" });
}

async function* pagesOf(
  asked: Asked,
  ids: string[] | undefined,
  signal: AbortSignal,
): AsyncGenerator<RunMessage[]> {
  const request = {
    experiment_ids: [asked.experimentId],
    run_view_type: asked.deleted ? ("DELETED_ONLY" as const) : ("ACTIVE_ONLY" as const),
    order_by: asked.order ? [asked.order] : [],
    inputs: false,
    ...asked.columns,
    max_results: PAGE,
  };
  if (ids) {
    for (let at = 0; at < ids.length; at += PAGE) {
      const some = ids.slice(at, at + PAGE).map((id) => `'${id}'`);
      const filter = `attributes.run_id IN (${some.join(", ")})`;
      yield (await call("runs.project", { ...request, filter }, signal)).runs ?? [];
    }
    return;
  }
  let token: string | undefined;
  do {
    const page = await call(
      "runs.project",
      { ...request, filter: asked.filter || undefined, page_token: token },
      signal,
    );
    yield page.runs ?? [];
    token = page.next_page_token;
  } while (token);
}
