import { useIsFetching, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Problem } from "@/parts/Problem";
import { type Root, rootKey } from "./address";
import { FolderView } from "./FolderView";
import { Preview } from "./Preview";
import { entryAt, listing } from "./queries";
import { Tree } from "./Tree";
import "@/parts/controls.css";
import "./artifacts.css";

const EVERY_MS = 15_000;

/** The files of a run, a logged model or a registered version: a tree, and what is chosen in it. */
export function ArtifactBrowser({
  root,
  path,
  onPath,
  live = false,
  described = false,
}: {
  root: Root;
  path: string;
  onPath: (path: string) => void;
  /** Others may write files meanwhile. */
  live?: boolean;
  /** What the model in the root is, is told beside. */
  described?: boolean;
}) {
  const queries = useQueryClient();
  const place = rootKey(root);
  const key = ["artifacts", place];
  const fetching = useIsFetching({ queryKey: key }) > 0;
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => {
      if (!document.hidden) void queries.invalidateQueries({ queryKey: ["artifacts", place, "list"] });
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [live, place, queries]);
  const top = useQuery(listing(root, ""));
  const chosen = useQuery(entryAt(root, path));
  if (top.error) return <Problem error={top.error} retry={() => top.refetch()} />;
  if (!top.data) return <p className="empty soft">Loading…</p>;
  return (
    <section aria-label="Artifacts" className={path ? "artifacts chosen" : "artifacts"}>
      <div className="artifacts-tree">
        <div className="artifacts-head">
          <button type="button" className="quiet" onClick={() => onPath("")}>
            All files
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label="Look again for files"
            title="Look again for files"
            disabled={fetching}
            onClick={() => queries.invalidateQueries({ queryKey: key })}
          >
            ↻
          </button>
        </div>
        {top.data.length === 0 ? (
          <p className="soft artifacts-none">No files yet.</p>
        ) : (
          <Tree root={root} path={path} onPath={onPath} />
        )}
      </div>
      <div className="artifacts-shown">
        {path && (
          <button type="button" className="quiet artifacts-back" onClick={() => onPath("")}>
            ← All files
          </button>
        )}
        {chosen.error ? (
          <Problem error={chosen.error} retry={() => chosen.refetch()} />
        ) : !chosen.data ? (
          <p className="empty soft">Loading…</p>
        ) : chosen.data.folder ? (
          <FolderView root={root} path={path} onPath={onPath} described={described && !path} />
        ) : (
          <Preview key={path} root={root} path={path} size={chosen.data.size} />
        )}
      </div>
    </section>
  );
}
