/** What changed on the server, put into pages that are loaded. */

import type { RunMessage, SearchRunsAnswer } from "@/api/endpoints";
import { idOf } from "./values";

type Page = SearchRunsAnswer;

export interface Change {
  /** Ids of runs that changed. */
  changed: ReadonlySet<string>;
  /** Those of them that match now, as they are now. */
  now: ReadonlyMap<string, RunMessage>;
}

/** The list with changed runs replaced and those that don't match any more left out; itself if nothing is different. */
export function patched(runs: RunMessage[], { changed, now }: Change): RunMessage[] {
  if (!runs.some((run) => changed.has(idOf(run)))) return runs;
  const next: RunMessage[] = [];
  for (const run of runs) {
    const kept = changed.has(idOf(run)) ? now.get(idOf(run)) : run;
    if (kept) next.push(kept);
  }
  return next;
}

export function patchedPages<P extends Page>(pages: P[], change: Change): P[] {
  let different = false;
  const next = pages.map((page) => {
    const before = page.runs ?? [];
    const runs = patched(before, change);
    if (runs === before) return page;
    different = true;
    return { ...page, runs };
  });
  return different ? next : pages;
}

/** Newest first, as the server orders runs by itself. */
function isNewer(one: RunMessage, other: RunMessage): boolean {
  const difference = (one.info.start_time ?? 0) - (other.info.start_time ?? 0);
  return difference > 0 || (difference === 0 && idOf(one) < idOf(other));
}

/** Pages that go by start time, with new runs where they belong; one that belongs to a page not loaded is left out. */
export function withNewest<P extends Page>(pages: P[], fresh: RunMessage[]): P[] {
  let next = pages;
  for (const run of fresh) {
    const at = next.findIndex((page) => (page.runs ?? []).some((each) => isNewer(run, each)));
    const last = next.at(-1);
    if (at < 0 && (!last || last.next_page_token)) continue;
    const index = at < 0 ? next.length - 1 : at;
    next = next.map((page, number) =>
      number === index ? { ...page, runs: inserted(page.runs ?? [], run) } : page,
    );
  }
  return next;
}

function inserted(runs: RunMessage[], run: RunMessage): RunMessage[] {
  const at = runs.findIndex((each) => isNewer(run, each));
  return at < 0 ? [...runs, run] : [...runs.slice(0, at), run, ...runs.slice(at)];
}
