import { type KeyboardEvent, type RefObject, useMemo, useRef } from "react";
import { type Arrangement, hidden, moved, pinFlipped, stepped } from "../columnMoves";
import { type Column, NAME, nextOrder } from "../columns";
import type { Line } from "../lines";
import { widthWithin } from "../search";
import { fittedWidth } from "./fit";
import type { HeaderActs } from "./Header";
import type { TableActs } from "./RunsTable";
import type { ColumnState, useColumns } from "./useColumns";

const STEP_PX = 16;

interface Given {
  table: ReturnType<typeof useColumns>["table"];
  columns: ColumnState;
  order: string;
  acts: TableActs;
  lines: Line[];
  frame: RefObject<HTMLDivElement | null>;
  firstRow: () => number;
}

interface KeyActs {
  /** What a key does to the column whose header the keyboard is at; whether it did. */
  onKey: (event: KeyboardEvent, column: Column | undefined) => boolean;
}

/** The same functions at every render, so that headers are drawn again only when their column is another. */
export function useHeaderActs(given: Given): HeaderActs & KeyActs {
  const latest = useRef(given);
  latest.current = given;
  return useMemo(() => {
    const arrange = (change: (now: Arrangement) => Arrangement) => {
      const { columns, acts } = latest.current;
      acts.onArrange(change({ columns: columns.columns, pinned: columns.pinned ?? [] }));
    };
    const widen = (column: Column, px: number) => {
      const { columns, acts } = latest.current;
      acts.onWidths({ ...columns.widths, [column.id]: widthWithin(px) });
    };
    const acts: HeaderActs = {
      onSort: (_, order) => latest.current.acts.onOrder(order),
      onPress: (column) => {
        if (column.order) latest.current.acts.onOrder(nextOrder(latest.current.order, column.order));
      },
      onMove: (id, target, side) => arrange((now) => moved(now, id, target, side)),
      onStep: (id, step) => arrange((now) => stepped(now, id, step)),
      onPin: (id) => arrange((now) => pinFlipped(now, id)),
      onHide: (id) => arrange((now) => hidden(now, id)),
      onGroup: (id) => latest.current.acts.onGroup(id),
      onFit: (column) => {
        const { lines, frame, firstRow } = latest.current;
        const style = frame.current ? getComputedStyle(frame.current) : undefined;
        widen(column, fittedWidth(column, lines, firstRow(), style?.font ?? ""));
      },
      startResize: (id, event) => {
        const header = latest.current.table.getFlatHeaders().find((each) => each.column.id === id);
        header?.getResizeHandler()(event);
      },
    };
    const onKey = (event: KeyboardEvent, column: Column | undefined): boolean => {
      if (!column) return false;
      const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
      const isName = column.id === NAME;
      if (step !== 0 && event.shiftKey) {
        widen(column, (latest.current.columns.widths?.[column.id] ?? column.width) + step * STEP_PX);
      } else if (step !== 0 && event.altKey && !isName) acts.onStep(column.id, step);
      else if (event.key === "Enter") acts.onPress(column);
      else if (event.key === "p" && !isName) acts.onPin(column.id);
      else if (event.key === "Delete" && !isName) acts.onHide(column.id);
      else return false;
      return true;
    };
    return { ...acts, onKey };
  }, []);
}
