import { useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { listing } from "@/artifacts/queries";
import { TreeList } from "@/artifacts/TreeList";
import { foldersTo } from "@/artifacts/tree";
import { BesideFiles } from "./BesideFiles";
import { digestsOf } from "./files";
import { type SharedEntry, sameness, union } from "./union";
import type { ViewProps } from "./ValuesView";
import "./artifacts.css";

const SAYS = { same: "same", differs: "differs", alone: "", unknown: "" };

/** Files that any of the runs has, and what each has under the chosen path. */
export default function ArtifactsView({ runs, search, onChange }: ViewProps) {
  const path = search.path ?? "";
  const ids = useMemo(() => runs.map((run) => run.info.run_id ?? ""), [runs]);
  const [opened, setOpened] = useState<readonly string[]>(() => foldersTo(path).slice(0, -1));
  const folders = useMemo(() => ["", ...opened], [opened]);
  const levels = useQueries({
    queries: folders.flatMap((folder) => ids.map((runId) => listing({ runId }, folder))),
    combine: (found) => ({
      data: found.map((each) => each.data),
      reading: found.some((each) => each.isPending),
      problem: found.find((each) => each.error)?.error?.message,
    }),
  });
  const digests = useQueries({
    queries: ids.map(digestsOf),
    combine: (found) => found.map((each) => each.data),
  });
  const byFolder = useMemo(
    () =>
      new Map(
        folders.map((folder, at) => [
          folder,
          union(levels.data.slice(at * ids.length, (at + 1) * ids.length)),
        ]),
      ),
    [folders, levels.data, ids.length],
  );
  const rows = rowsOf(byFolder, opened);
  const chosen = rows.find((row) => row.id === path && !row.entry.folder)?.entry;
  const toggle = (id: string) =>
    setOpened(opened.includes(id) ? opened.filter((each) => each !== id) : [...opened, id]);
  return (
    <div className="compare-artifacts">
      <div className="compare-files">
        {rows.length === 0 && (
          <p className="soft compare-none">
            {levels.reading ? "Reading the runs' files…" : "None of these runs has files."}
          </p>
        )}
        {levels.problem && <p className="field-problem compare-none">{levels.problem}</p>}
        <TreeList
          label="Files of the runs"
          rows={rows}
          selected={path}
          onToggle={toggle}
          onSelect={(id) =>
            rows.find((row) => row.id === id)?.entry.folder ? toggle(id) : onChange({ path: id })
          }
        >
          {({ entry }) => (
            <>
              <span className="tree-name" title={entry.path}>
                {entry.path.slice(entry.path.lastIndexOf("/") + 1)}
              </span>
              <span className="tree-size">
                {entry.has.length < ids.length
                  ? `${entry.has.length} of ${ids.length}`
                  : !entry.folder && SAYS[sameness(entry, digests)]}
              </span>
            </>
          )}
        </TreeList>
      </div>
      {chosen ? (
        <BesideFiles key={path} runs={runs} entry={chosen} baseline={search.baseline} />
      ) : (
        <p className="empty soft">
          {path && !levels.reading ? `None of these runs has ${path}.` : "Choose a file."}
        </p>
      )}
    </div>
  );
}

interface TreeRow {
  id: string;
  depth: number;
  open?: boolean;
  entry: SharedEntry;
}

function rowsOf(
  byFolder: ReadonlyMap<string, SharedEntry[]>,
  opened: readonly string[],
  folder = "",
  depth = 0,
) {
  const rows: TreeRow[] = [];
  for (const entry of byFolder.get(folder) ?? []) {
    const open = entry.folder ? opened.includes(entry.path) : undefined;
    rows.push({ id: entry.path, depth, open, entry });
    if (open) rows.push(...rowsOf(byFolder, opened, entry.path, depth + 1));
  }
  return rows;
}
