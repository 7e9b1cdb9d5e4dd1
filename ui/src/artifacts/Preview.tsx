import { Suspense, useState } from "react";
import { fileAddress, type Root } from "./address";
import { FileBar } from "./FileBar";
import { kindOf } from "./kinds";
import { HAS_SOURCE, PREVIEWS, type PreviewProps, TextPreview } from "./previews";
import { sizeText } from "./sizes";
import "@/parts/controls.css";
import "./artifacts.css";

/** A file, shown by its kind. Nothing in it executes, whatever it is. */
export function Preview({ root, path, size }: { root: Root; path: string; size?: number }) {
  const [source, setSource] = useState(false);
  const kind = kindOf(path);
  const Shown = source ? TextPreview : PREVIEWS[kind];
  const given: PreviewProps = { root, path, size, url: fileAddress(root, path) };
  const toggle = HAS_SOURCE.has(kind) && (
    <button type="button" className="button small" aria-pressed={source} onClick={() => setSource(!source)}>
      Source
    </button>
  );
  return (
    <article className="preview" aria-label={path}>
      <FileBar root={root} path={path} modes={toggle}>
        {sizeText(size)}
      </FileBar>
      <Suspense fallback={<p className="soft">Loading…</p>}>
        <Shown {...given} />
      </Suspense>
    </article>
  );
}
