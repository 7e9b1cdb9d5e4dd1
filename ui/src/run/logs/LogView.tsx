import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { fileAddress, nameOf, type Root } from "@/artifacts/address";
import { sizeText } from "@/artifacts/sizes";
import { Problem } from "@/parts/Problem";
import { SearchField } from "@/parts/SearchField";
import { Marked } from "./Marked";
import { useTail } from "./useTail";
import "./logs.css";

const LINE_HEIGHT = 20;
const MOST_CHARS = 5_000;

/** What a program printed, from its end; followed while it runs. */
export function LogView({
  root,
  path,
  running,
  find,
  onFind,
}: {
  root: Root;
  path: string;
  running: boolean;
  find: string;
  onFind: (text: string) => void;
}) {
  const [following, setFollowing] = useState(running);
  const [wrap, setWrap] = useState(false);
  const [match, setMatch] = useState(0);
  const { shown, error, earlier } = useTail(root, path, following);
  const scroller = useRef<HTMLElement>(null);
  const lines = useMemo(() => shown?.lines ?? [], [shown]);
  const found = useMemo(() => {
    const wanted = find.toLowerCase();
    return wanted ? lines.flatMap((line, at) => (line.toLowerCase().includes(wanted) ? [at] : [])) : [];
  }, [lines, find]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 30,
  });
  const latest = useRef(virtual);
  latest.current = virtual;
  // The end stays in sight while somebody is there; what is put before leaves in sight what was.
  const before = useRef({ start: 0, count: 0, atEnd: true });
  const start = shown?.start ?? 0;
  useEffect(() => {
    const { start: was, count, atEnd } = before.current;
    before.current = { start, count: lines.length, atEnd };
    if (count > 0 && start < was) latest.current.scrollToIndex(lines.length - count, { align: "start" });
    else if (lines.length > 0 && atEnd) latest.current.scrollToIndex(lines.length - 1, { align: "end" });
  }, [lines.length, start]);
  const scrolled = (place: HTMLElement) => {
    before.current.atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 2 * LINE_HEIGHT;
  };
  // What is looked for is shown from the end, as the log is.
  const last = found.at(-1);
  useEffect(() => {
    if (!find || last === undefined) return;
    setMatch(found.length - 1);
    latest.current.scrollToIndex(last, { align: "center" });
  }, [find, last, found.length]);
  const go = (to: number) => {
    const at = (to + found.length) % found.length;
    setMatch(at);
    virtual.scrollToIndex(found[at] ?? 0, { align: "center" });
  };
  if (error) return <Problem error={error} />;
  if (!shown) return <p className="soft">Loading…</p>;
  return (
    <>
      <div className="toolbar log-bar">
        <div className="log-find">
          <SearchField label="Find in the log" value={find} onChange={onFind} />
        </div>
        {find && (
          <>
            <span className="soft" role="status">
              {found.length === 0
                ? "not found"
                : `${match + 1} of ${found.length.toLocaleString("en")} lines`}
            </span>
            <button
              type="button"
              className="icon-button"
              aria-label="Line before"
              disabled={found.length === 0}
              onClick={() => go(match - 1)}
            >
              ↑
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label="Line after"
              disabled={found.length === 0}
              onClick={() => go(match + 1)}
            >
              ↓
            </button>
          </>
        )}
        <label className="check">
          <input
            type="checkbox"
            checked={following}
            onChange={(event) => setFollowing(event.target.checked)}
          />
          Follow
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={wrap}
            onChange={(event) => {
              setWrap(event.target.checked);
              virtual.measure();
            }}
          />
          Wrap lines
        </label>
        <span className="rest" />
        <span className="soft">{sizeText(shown.total)}</span>
        <a className="button" href={fileAddress(root, path)} download={nameOf(path)}>
          Download
        </a>
      </div>
      {shown.start > 0 && (
        <p className="more">
          <span className="soft">The last {sizeText(shown.total - shown.start)} are shown.</span>
          <button type="button" className="button" onClick={earlier}>
            Load what came before
          </button>
        </p>
      )}
      {lines.length === 0 && <p className="soft">Nothing was printed yet.</p>}
      <section
        ref={scroller}
        className={wrap ? "log wrap" : "log"}
        aria-label="Log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        onScroll={(event) => scrolled(event.currentTarget)}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => (
            <div
              key={item.index}
              data-index={item.index}
              ref={virtual.measureElement}
              className={found[match] === item.index ? "log-line at" : "log-line"}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <Marked text={(lines[item.index] ?? "").slice(0, MOST_CHARS)} find={find} />
            </div>
          ))}
        </div>
      </section>
    </>
  );
}
