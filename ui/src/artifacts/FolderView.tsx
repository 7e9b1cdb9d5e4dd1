import { useQuery } from "@tanstack/react-query";
import { Problem } from "@/parts/Problem";
import { nameOf, type Root } from "./address";
import { FileBar } from "./FileBar";
import { Preview } from "./Preview";
import { listing } from "./queries";
import { sizeText } from "./sizes";
import "@/parts/sheet.css";

const MOST = 500;

/** What lies in a folder; of a model's folder, also what the model is. */
export function FolderView({
  root,
  path,
  onPath,
  described,
}: {
  root: Root;
  path: string;
  onPath: (path: string) => void;
  described: boolean;
}) {
  const found = useQuery(listing(root, path));
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  const entries = found.data ?? [];
  const model = entries.find((each) => nameOf(each.path) === "MLmodel");
  const size = entries.reduce((sum, each) => sum + (each.size ?? 0), 0);
  const files = entries.filter((each) => !each.folder).length;
  return (
    <>
      <FileBar root={root} path={path} folder>
        {files} {files === 1 ? "file" : "files"}, {sizeText(size)}
        {entries.length > files && `, ${entries.length - files} folders`}
      </FileBar>
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="numeric">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.slice(0, MOST).map((entry) => (
            <tr key={entry.path}>
              <td>
                <button type="button" className="quiet" onClick={() => onPath(entry.path)}>
                  {nameOf(entry.path)}
                  {entry.folder && "/"}
                </button>
              </td>
              <td className="numeric soft">{sizeText(entry.size)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {entries.length > MOST && <p className="soft">{entries.length - MOST} more are in the tree.</p>}
      {model && !described && <Preview root={root} path={model.path} size={model.size} />}
    </>
  );
}
