import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { RunMessage } from "@/api/endpoints";
import { theseRuns } from "./branches";
import type { Line } from "./lines";
import { type Asked, branchRuns } from "./queries";
import { MOST_IN_ADDRESS, type Selected } from "./selection";
import { idOf } from "./values";

const NONE: string[] = [];

/**
 * The selected runs that match: those of the table, and those that lie where nobody has scrolled to or opened. Others
 * that an address names (deleted, mistyped, of another filter) are left out. waiting: nothing is known of them yet.
 */
export function useChosen(asked: Asked, selected: Selected, lines: Line[], loading: boolean) {
  const here = useMemo(() => {
    if (selected.size === 0) return [];
    return lines.flatMap((line) => (line.kind === "run" && selected.has(idOf(line.run)) ? [line.run] : []));
  }, [lines, selected]);
  const elsewhere = useMemo(() => {
    if (loading || selected.size > MOST_IN_ADDRESS || here.length === selected.size) return NONE;
    const known = new Set(here.map(idOf));
    return [...selected].filter((id) => !known.has(id)).sort();
  }, [here, selected, loading]);
  const asks = elsewhere.length > 0;
  const found = useQuery({ ...branchRuns(asked, theseRuns(elsewhere), MOST_IN_ADDRESS), enabled: asks });
  const more = asks ? found.data?.runs : undefined;
  const runs = useMemo(
    (): RunMessage[] => (more?.length ? distinct(here, more, selected) : here),
    [here, more, selected],
  );
  return { runs, waiting: runs.length === 0 && (asks ? found.isPending : loading && selected.size > 0) };
}

/** The runs of an answer to the question before may be in the table by now, or not selected any more. */
function distinct(here: RunMessage[], more: RunMessage[], selected: Selected): RunMessage[] {
  const known = new Set(here.map(idOf));
  return [...here, ...more.filter((run) => selected.has(idOf(run)) && !known.has(idOf(run)))];
}
