/** The lines of the table, from what was asked and what is open. */

import { useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { RunMessage } from "@/api/endpoints";
import type { Branch } from "./branches";
import { groupLines, type Line, matchLines, type Opened, treeLines } from "./lines";
import { type Asked, branchRuns, childCounts, isTree, runGroups, runNames, runPages } from "./queries";
import { idOf } from "./values";

/** Runs of a branch that are shown at first; "show more" doubles them. */
const BRANCH = 100;
const MOST_OF_A_BRANCH = 50_000;
/** Parents whose names are asked for at once. */
const MOST_NAMES = 1_000;
/** Parents that aren't here any more and have a line of their own. */
const MOST_LOST = 50;
const NO_RUNS: RunMessage[] = [];
const NONE_OPEN: Open[] = [];
const NO_COUNTS = new Map<string, number>();

interface Open {
  branch: Branch;
  most: number;
}

export interface Lines {
  lines: Line[];
  /** Every run that is loaded by the order, for what works on the visible ones. */
  runs: RunMessage[];
  names: ReadonlyMap<string, { run_name?: string }> | undefined;
  error: Error | null;
  loading: boolean;
  /** What is shown is the answer to the question before. */
  waiting: boolean;
  more: boolean;
  onEnd: () => void;
  onToggle: (branch: Branch) => void;
  onMore: (branch: Branch) => void;
  again: () => void;
}

/** pictured: runs are wanted by the order even where the lines are groups. */
export function useLines(asked: Asked, group: string[], pictured: boolean): Lines {
  const grouped = group.length > 0;
  const tree = isTree(asked) && !grouped;
  const [known, setOpens] = useOpen(asked.experimentId, group);
  const opens = tree || grouped ? known : NONE_OPEN;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());

  const { experimentId, filter, deleted, order } = asked;
  const source = JSON.stringify([experimentId, filter, deleted, order]);
  const loaded = useRef({ source, count: 0, columns: asked.columns });
  const others = loaded.current.source === source && loaded.current.columns !== asked.columns;
  const again = others ? loaded.current.count : 0;
  const pages = useInfiniteQuery({ ...runPages(asked, again), enabled: !grouped || pictured });
  const groups = useQuery(runGroups(asked, group));
  const counts = useQuery({ ...childCounts(asked), enabled: tree }).data ?? NO_COUNTS;
  const parents = useMemo(() => [...counts.keys()].sort().slice(0, MOST_NAMES), [counts]);
  const here = useQuery({ ...runNames(asked.experimentId, parents), enabled: tree && parents.length > 0 });
  const found = useQueries({ queries: opens.map(({ branch, most }) => branchRuns(asked, branch, most)) });

  const runs = useMemo(
    () => distinct(pages.data?.pages.flatMap((page) => page.runs ?? NO_RUNS) ?? NO_RUNS),
    [pages.data],
  );
  if (!pages.isPlaceholderData) loaded.current = { source, count: runs.length, columns: asked.columns };

  const opened = new Map<string, Opened>();
  for (const [at, { branch }] of opens.entries()) {
    const answer = found[at];
    opened.set(branch.id, {
      runs: answer?.data?.runs ?? NO_RUNS,
      more: Boolean(answer?.data?.next_page_token),
      loading: answer?.isPending ?? true,
      error: answer?.error ?? null,
    });
  }
  const signature = found.map((each) => `${each.dataUpdatedAt}.${each.status}`).join();

  const lost = useMemo(() => lostParents(tree, parents, here.data), [tree, parents, here.data]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `opened` is another object each time; its signature tells
  const lines = useMemo((): Line[] => {
    const shown = { opened, counts };
    if (grouped) return groupLines(groups.data?.groups ?? [], group, shown);
    return tree ? treeLines(runs, lost, shown) : matchLines(runs, closed);
  }, [grouped, groups.data, group, tree, runs, lost, counts, closed, opens, signature]);

  // A filter that is refused has no answer; what was there stays to be seen while it is mended.
  const refused = !grouped && pages.isError && !pages.data;
  const kept = useRef<Line[]>([]);
  if (!refused) kept.current = lines;
  const shownLines = refused ? kept.current : lines;

  const strangers = useMemo(() => unknownParents(shownLines), [shownLines]);
  const names = useQuery(runNames(asked.experimentId, strangers)).data;

  const { hasNextPage, isFetching, fetchNextPage } = pages;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const inTree = tree || grouped;
  const onToggle = useCallback(
    (branch: Branch) => {
      if (inTree)
        setOpens((was) =>
          was.some((each) => each.branch.id === branch.id)
            ? was.filter((each) => each.branch.id !== branch.id)
            : [...was, { branch, most: BRANCH }],
        );
      else setClosed((was) => flippedIn(was, branch.id));
    },
    [inTree, setOpens],
  );
  const onMore = useCallback(
    (branch: Branch) => {
      setOpens((was) =>
        was.map((each) =>
          each.branch.id === branch.id ? { ...each, most: Math.min(MOST_OF_A_BRANCH, each.most * 2) } : each,
        ),
      );
    },
    [setOpens],
  );

  const asking = grouped ? groups : pages;
  return {
    lines: shownLines,
    runs,
    names,
    error: asking.error,
    loading: asking.isPending,
    waiting: asking.isPlaceholderData,
    more: !grouped && hasNextPage,
    onEnd,
    onToggle,
    onMore,
    again: () => void asking.refetch(),
  };
}

let remembered: ReadonlyMap<string, Open[]> = new Map();

/** What is open; also what was when one was here before: whoever comes back from a run finds the table as it was. */
function useOpen(experimentId: string, group: string[]) {
  const key = JSON.stringify([experimentId, group]);
  const [all, setAll] = useState(remembered);
  const setOpens = useCallback(
    (change: (was: Open[]) => Open[]) =>
      setAll((was) => new Map(was).set(key, change(was.get(key) ?? NONE_OPEN))),
    [key],
  );
  useEffect(() => {
    remembered = all;
  }, [all]);
  return [all.get(key) ?? NONE_OPEN, setOpens] as const;
}

/** A run may come twice, where its place in the order changed between two pages. */
function distinct(runs: RunMessage[]): RunMessage[] {
  const seen = new Set<string>();
  const once = runs.filter((run) => seen.size < seen.add(idOf(run)).size);
  return once.length === runs.length ? runs : once;
}

/** Parents of runs here that are deleted, or never were in this experiment: their children have to be somewhere. */
function lostParents(
  tree: boolean,
  parents: string[],
  here: ReadonlyMap<string, { lifecycle_stage?: string }> | undefined,
): string[] {
  if (!tree || !here) return [];
  return parents.filter((id) => here.get(id)?.lifecycle_stage !== "active").slice(0, MOST_LOST);
}

function unknownParents(lines: Line[]): string[] {
  const ids = new Set<string>();
  for (const line of lines) {
    if (line.kind === "run" && line.under) ids.add(line.under);
    if (line.kind === "lost" && line.branch.kind === "children") ids.add(line.branch.parentId);
    if (ids.size === MOST_NAMES) break;
  }
  return [...ids].sort();
}

function flippedIn(was: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(was);
  if (!next.delete(id)) next.add(id);
  return next;
}
