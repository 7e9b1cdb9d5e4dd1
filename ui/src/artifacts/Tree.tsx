import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { folderOf, nameOf, type Root } from "./address";
import { type Entry, listing } from "./queries";
import { sizeText } from "./sizes";
import { TreeList } from "./TreeList";
import { foldersTo, type Row } from "./tree";

interface FileRow extends Row {
  name: string;
  size?: number;
  note?: string;
}

/** Files of a root; a folder is asked for when it is opened. Folders around what is selected are open. */
export function Tree({ root, path, onPath }: { root: Root; path: string; onPath: (path: string) => void }) {
  const [opened, setOpened] = useState<Record<string, boolean>>(() => opensFor(folderOf(path)));
  const [followed, setFollowed] = useState(path);
  if (followed !== path) {
    setFollowed(path);
    setOpened({ ...opened, ...opensFor(folderOf(path)) });
  }
  const folders = ["", ...Object.keys(opened).filter((each) => opened[each])];
  const found = useQueries({ queries: folders.map((folder) => listing(root, folder)) });
  const listed = new Map(folders.map((folder, at) => [folder, found[at]]));
  const rows: FileRow[] = [];
  const add = (folder: string, depth: number) => {
    const query = listed.get(folder);
    if (query?.error) rows.push({ id: `${folder}\0`, depth, name: query.error.message, note: "problem" });
    else if (!query?.data) rows.push({ id: `${folder}\0`, depth, name: "Loading…", note: "soft" });
    else if (depth > 0 && query.data.length === 0)
      rows.push({ id: `${folder}\0`, depth, name: "empty", note: "soft" });
    for (const entry of query?.data ?? []) {
      rows.push(rowOf(entry, depth, opened[entry.path] === true));
      if (entry.folder && opened[entry.path]) add(entry.path, depth + 1);
    }
  };
  add("", 0);
  const toggle = (id: string) => setOpened({ ...opened, [id]: !opened[id] });
  const select = (id: string) => {
    if (id.endsWith("\0")) return;
    const row = rows.find((each) => each.id === id);
    if (row?.open === false || (row?.open && id === path)) toggle(id);
    onPath(id);
  };
  return (
    <TreeList label="Files" rows={rows} selected={path} onToggle={toggle} onSelect={select}>
      {(row) => (
        <>
          <span className={`tree-name ${row.note ?? ""}`} title={row.name}>
            {row.name}
          </span>
          {row.size !== undefined && <span className="tree-size">{sizeText(row.size)}</span>}
        </>
      )}
    </TreeList>
  );
}

const opensFor = (folder: string): Record<string, boolean> =>
  Object.fromEntries(foldersTo(folder).map((each) => [each, true]));

function rowOf(entry: Entry, depth: number, open: boolean): FileRow {
  const name = nameOf(entry.path);
  return entry.folder
    ? { id: entry.path, depth, open, name }
    : { id: entry.path, depth, name, size: entry.size };
}
