import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { RunInfoMessage } from "@/api/endpoints";
import type { Branch } from "../branches";
import type { Arrangement } from "../columnMoves";
import type { Line } from "../lines";
import { isAll, type Select, type Selected } from "../selection";
import { idOf } from "../values";
import { useMinute } from "./clock";
import { Header } from "./Header";
import type { Extent, Place } from "./keyboard";
import { ACTIVE_ID, ROW_PX, Row } from "./Row";
import { useAnchor } from "./useAnchor";
import { type ColumnState, type Placed, useColumns } from "./useColumns";
import { useHeaderActs } from "./useHeaderActs";
import { useTableEvents } from "./useTableEvents";
import "./table.css";

const AHEAD = 60;
const HEAD_PX = 34;

export interface TableActs {
  onOrder: (order: string) => void;
  onArrange: (arrangement: Arrangement) => void;
  onWidths: (widths: Record<string, number>) => void;
  onGroup: (id: string) => void;
  onSelect: Select;
  onToggle: (branch: Branch) => void;
  onMore: (branch: Branch) => void;
  onEnd: () => void;
}

interface Props {
  lines: Line[];
  /** Whether the server has more than these. */
  more: boolean;
  columns: ColumnState;
  /** What was asked: the answer to another question begins at its top. */
  question: string;
  order: string;
  selected: Selected;
  /** Runs that aren't among the lines, by their ids. */
  names: ReadonlyMap<string, RunInfoMessage> | undefined;
  dots: boolean;
  acts: TableActs;
}

/**
 * Rows and columns that are on the screen, and a few beside it, whatever there is. The roles say what a table element
 * would, which can't leave rows out. The keyboard is at one cell, which the table names as its active descendant: a row
 * that scrolls out of sight goes, and would take a focus of its own with it.
 */
export function RunsTable({ lines, more, columns, question, order, selected, names, dots, acts }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const { table, layout } = useColumns({ ...columns, onWidths: acts.onWidths });
  const minute = useMinute();
  const [place, setPlace] = useState<Place>({ row: 0, column: 0 });
  const [focused, setFocused] = useState(false);
  const headerActs = useHeaderActs({
    table,
    columns,
    order,
    acts,
    lines,
    frame,
    firstRow: () => rows.range?.startIndex ?? 0,
  });

  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    scrollPaddingStart: HEAD_PX,
    overscan: 8,
    useFlushSync: false,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: layout.center.length,
    getScrollElement: () => frame.current,
    estimateSize: (at) => layout.center[at]?.width ?? 0,
    paddingStart: layout.startWidth,
    scrollPaddingStart: layout.startWidth,
    overscan: 2,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: widths are measured again when the columns are others
  useEffect(() => across.measure(), [across, layout]);
  useAnchor(frame, lines);
  const answered = useRef(question);
  useEffect(() => {
    if (answered.current === question) return;
    answered.current = question;
    frame.current?.scrollTo({ top: 0 });
    setPlace({ row: 0, column: 0 });
  }, [question]);

  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  const { onEnd } = acts;
  useEffect(() => {
    if (more && lastShown >= lines.length - AHEAD) onEnd();
  }, [more, lastShown, lines.length, onEnd]);

  const visible = across.getVirtualItems();
  const first = visible[0]?.index ?? 0;
  const last = visible.at(-1)?.index ?? -1;
  const cells = useMemo(() => layout.center.slice(first, last + 1), [layout, first, last]);
  const width = layout.startWidth + layout.centerWidth;
  const size: Extent = {
    rows: lines.length,
    columns: layout.start.length + layout.center.length,
    page: Math.max(1, Math.floor((frame.current?.clientHeight ?? 0) / ROW_PX) - 2),
  };

  const goTo = (next: Place) => {
    setPlace(next);
    if (next.row >= 0) rows.scrollToIndex(next.row);
    const center = next.column - layout.start.length;
    if (center >= 0) across.scrollToIndex(center);
  };
  const { click, press, point } = useTableEvents({
    lines,
    layout,
    place,
    setPlace,
    goTo,
    size,
    acts,
    onHeaderKey: headerActs.onKey,
  });
  const all = useMemo(() => isAll(selected, lines), [selected, lines]);
  const nested = useMemo(() => lines.some((line) => line.kind !== "run" || line.branch), [lines]);
  const active = focused ? place : undefined;
  const header = (placed: Placed, index: number, offset: number) => (
    <Header
      key={placed.column.id}
      placed={placed}
      offset={offset}
      order={order}
      pinned={index > 0 && index < layout.start.length}
      active={active?.row === -1 && active.column === index}
      all={index === 0 && all}
      acts={headerActs}
    />
  );
  return (
    <div
      className={nested ? "grid nested" : "grid"}
      ref={frame}
      // The router scrolls back to where one was in the answer to this question, never in that to another.
      data-scroll-restoration-id={`runs ${encodeURIComponent(question)}`}
      role="treegrid"
      aria-label="Runs"
      aria-rowcount={more ? -1 : lines.length + 1}
      aria-colcount={size.columns}
      aria-multiselectable
      aria-activedescendant={focused ? ACTIVE_ID : undefined}
      tabIndex={0}
      onClick={click}
      onKeyDown={press}
      onMouseOver={point}
      onFocus={(event) => setFocused(event.target === frame.current)}
      onBlur={() => setFocused(false)}
    >
      <div className="grid-head" role="row" style={{ width, height: HEAD_PX }}>
        <div className="grid-start" style={{ width: layout.startWidth }}>
          {layout.start.map((placed, index) => header(placed, index, 0))}
        </div>
        {cells.map((placed, index) => header(placed, layout.start.length + first + index, layout.startWidth))}
      </div>
      <div className="grid-body" style={{ height: rows.getTotalSize(), width }} role="rowgroup">
        {shown.map((row) => {
          const line = lines[row.index];
          if (!line) return null;
          const run = line.kind === "run" ? line : undefined;
          return (
            <Row
              key={line.key}
              line={line}
              at={row.index}
              top={row.start}
              layout={layout}
              cells={cells}
              width={width}
              selected={run !== undefined && selected.has(idOf(run.run))}
              active={active?.row === row.index ? active.column : null}
              parentName={parentName(line, names)}
              dot={dots}
              minute={minute}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The name of a parent that has no line of its own. */
function parentName(line: Line, names: Props["names"]): string | undefined {
  if (line.kind === "run") return line.under === undefined ? undefined : names?.get(line.under)?.run_name;
  return line.kind === "lost" && line.branch.kind === "children"
    ? names?.get(line.branch.parentId)?.run_name
    : undefined;
}
