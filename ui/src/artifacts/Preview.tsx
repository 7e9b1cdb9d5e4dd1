import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { Problem } from "@/parts/Problem";
import { fileAddress, type Root } from "./address";
import { FileBar } from "./FileBar";
import { kindOf } from "./kinds";
import { HAS_SOURCE, PREVIEWS, type PreviewProps, TextPreview } from "./previews";
import { placeOf } from "./queries";
import { sizeText } from "./sizes";
import "@/parts/controls.css";
import "./artifacts.css";

/** A file, shown by its kind. Nothing in it executes, whatever it is. */
export function Preview({ root, path, size }: { root: Root; path: string; size?: number }) {
  const place = useQuery(placeOf(root));
  const [source, setSource] = useState(false);
  if (place.error) return <Problem error={place.error} retry={() => place.refetch()} />;
  if (!place.data) return <p className="soft">Loading…</p>;
  const kind = kindOf(path);
  const Shown = source ? TextPreview : PREVIEWS[kind];
  const given: PreviewProps = { root, path, size, url: fileAddress(place.data, path) };
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
