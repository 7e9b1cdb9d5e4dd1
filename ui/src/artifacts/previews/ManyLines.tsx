import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";

const LINE_HEIGHT = 20;
const MOST_CHARS = 10_000;

/** Text of so many lines that only those in sight are in the page. */
export function ManyLines({ text, wrap }: { text: string; wrap: boolean }) {
  const scroller = useRef<HTMLElement>(null);
  const lines = useMemo(() => (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n"), [text]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 30,
  });
  return (
    <section
      ref={scroller}
      className={wrap ? "many-lines wrap" : "many-lines"}
      aria-label="Text"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
    >
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => (
          <div
            key={item.index}
            data-index={item.index}
            ref={virtual.measureElement}
            className="many-line"
            data-number={item.index + 1}
            style={{ transform: `translateY(${item.start}px)` }}
          >
            {lines[item.index]?.slice(0, MOST_CHARS)}
          </div>
        ))}
      </div>
    </section>
  );
}
