import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { moveBy, type Row } from "./tree";
import "./tree.css";

const ROW_HEIGHT = 26;

/** A tree of any length: rows as they are seen, one stop for the Tab key, arrows within. */
export function TreeList<R extends Row>({
  label,
  rows,
  selected,
  onToggle,
  onSelect,
  children,
}: {
  label: string;
  rows: R[];
  selected?: string;
  onToggle: (id: string) => void;
  onSelect: (id: string) => void;
  children: (row: R) => ReactNode;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(selected);
  const prefix = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  });
  useEffect(() => setAt(selected), [selected]);
  const current = rows.findIndex((row) => row.id === at);
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1;
    const move = moveBy(event.key, rows, current, Math.max(1, page));
    if (!move) return;
    event.preventDefault();
    if ("toggle" in move) onToggle(move.toggle);
    if ("select" in move) onSelect(move.select);
    if ("to" in move) {
      setAt(move.to);
      virtual.scrollToIndex(rows.findIndex((row) => row.id === move.to));
    }
  };
  return (
    <div
      ref={scroller}
      className="tree"
      role="tree"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={current >= 0 ? `${prefix}${current}` : undefined}
      onKeyDown={press}
    >
      <div role="none" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the tree has the focus and its keys
            <div
              key={row.id}
              id={`${prefix}${item.index}`}
              role="treeitem"
              aria-level={row.depth + 1}
              aria-expanded={row.open}
              aria-selected={row.id === selected}
              className={row.id === at ? "tree-row at" : "tree-row"}
              style={{ transform: `translateY(${item.start}px)`, paddingLeft: 6 + row.depth * 16 }}
              onClick={() => onSelect(row.id)}
            >
              <span
                className="tree-sign"
                aria-hidden="true"
                onClick={(event) => {
                  if (row.open === undefined) return;
                  event.stopPropagation();
                  onToggle(row.id);
                }}
              >
                {row.open === undefined ? "" : row.open ? "▾" : "▸"}
              </span>
              {children(row)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
