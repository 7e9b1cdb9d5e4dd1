import type { ReactNode } from "react";
import { copyAndTell } from "@/parts/clipboard";
import { fileAddress, nameOf, type Root, uriOf, zipAddress } from "./address";

/** A file's or folder's name, facts, and what can be done with it as it is. */
export function FileBar({
  root,
  path,
  folder = false,
  children,
  modes,
}: {
  root: Root;
  path: string;
  folder?: boolean;
  children?: ReactNode;
  modes?: ReactNode;
}) {
  const uri = uriOf(root, path);
  const copy = (text: string) => copyAndTell(text, `Copied: ${text}`);
  const target = folder ? zipAddress(root, path) : fileAddress(root, path);
  return (
    <div className="file-bar">
      <h3 title={path}>{nameOf(path) || "All files"}</h3>
      <span className="soft">{children}</span>
      <span className="file-bar-acts">
        {modes}
        {path && (
          <button type="button" className="button small" onClick={() => copy(path)}>
            Copy path
          </button>
        )}
        <button type="button" className="button small" title={uri} onClick={() => copy(uri)}>
          Copy URI
        </button>
        <a className="button small" href={target} download={folder ? "" : nameOf(path)}>
          {folder ? "Download zip" : "Download"}
        </a>
      </span>
    </div>
  );
}
