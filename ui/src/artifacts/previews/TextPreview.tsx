import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Problem } from "@/parts/Problem";
import { languageOf } from "../kinds";
import { readPart, textOf } from "../read";
import { Scrolled } from "../Scrolled";
import { sizeText } from "../sizes";
import type { PreviewProps } from "./index";
import { ManyLines } from "./ManyLines";

const Highlighted = lazy(() => import("./Highlighted"));
const STEP_BYTES = 1_000_000;
/** More is neither highlighted nor drawn at once. */
const MOST_WHOLE = 200_000;

/** Text with its lines numbered: the first megabyte, then as much more as is asked for. */
export default function TextPreview({ url, path }: PreviewProps) {
  const [wrap, setWrap] = useState(false);
  const found = useInfiniteQuery({
    queryKey: ["file-parts", url],
    queryFn: ({ pageParam, signal }) => readPart(url, pageParam, pageParam + STEP_BYTES, signal),
    initialPageParam: 0,
    getNextPageParam: (last, _, start) => {
      const next = start + last.bytes.length;
      return last.bytes.length > 0 && next < last.total ? next : undefined;
    },
  });
  if (found.error && !found.data) return <Problem error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <p className="soft">Loading…</p>;
  const parts = found.data.pages;
  const text = textOf(joinedBytes(parts.map((part) => part.bytes)));
  const shown = parts.reduce((sum, part) => sum + part.bytes.length, 0);
  const total = parts[0]?.total ?? 0;
  if (total === 0) return <p className="soft">The file is empty.</p>;
  const language = languageOf(path);
  return (
    <>
      <label className="check">
        <input type="checkbox" checked={wrap} onChange={(event) => setWrap(event.target.checked)} />
        Wrap lines
      </label>
      {shown > MOST_WHOLE ? (
        <ManyLines text={text} wrap={wrap} />
      ) : (
        <Lines text={text} wrap={wrap}>
          {language ? (
            <Suspense fallback={text}>
              <Highlighted text={text} language={language} />
            </Suspense>
          ) : (
            text
          )}
        </Lines>
      )}
      {found.hasNextPage && (
        <p className="more">
          <span className="soft">
            {sizeText(shown)} of {sizeText(total)} shown.
          </span>
          <button
            type="button"
            className="button"
            disabled={found.isFetchingNextPage}
            onClick={() => found.fetchNextPage()}
          >
            Load {sizeText(Math.min(STEP_BYTES, total - shown))} more
          </button>
          {found.error && <span className="field-problem">{found.error.message}</span>}
        </p>
      )}
    </>
  );
}

/** The numbers stand beside the text, so that copying takes the text alone. */
function Lines({ text, wrap, children }: { text: string; wrap: boolean; children: React.ReactNode }) {
  const lines = text.endsWith("\n") ? text.slice(0, -1) : text;
  let count = 1;
  for (let at = lines.indexOf("\n"); at >= 0; at = lines.indexOf("\n", at + 1)) count += 1;
  return (
    <Scrolled className={wrap ? "lines wrap" : "lines"} label="Text">
      {!wrap && (
        <pre className="line-numbers" aria-hidden="true">
          {Array.from({ length: count }, (_, at) => at + 1).join("\n")}
        </pre>
      )}
      <pre>
        <code>{children}</code>
      </pre>
    </Scrolled>
  );
}

function joinedBytes(parts: Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0]) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
