/** Where the table's columns stand: their order, those that stay at the left, and their widths. */

import {
  type ColumnSizingState,
  columnOrderingFeature,
  columnPinningFeature,
  columnResizingFeature,
  columnSizingFeature,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Column, columnsOf, NAME } from "../columns";
import { NARROWEST_PX, WIDEST_PX } from "../search";
import { useNarrow } from "./narrow";

/** Only columns are TanStack's: a model of each row would cost more than the rows themselves, there are so many. */
const features = tableFeatures({
  columnOrderingFeature,
  columnPinningFeature,
  columnResizingFeature,
  columnSizingFeature,
});
const NARROW_NAME_PX = 180;
const NO_ROWS: object[] = [];
const NO_PINS: string[] = [];
const NO_WIDTHS: Record<string, number> = {};

export interface Placed {
  column: Column;
  /** Pixels from the left edge of its part: of those that stay, or of those that scroll. */
  left: number;
  width: number;
}

export interface Layout {
  /** The name and what is pinned. */
  start: Placed[];
  center: Placed[];
  startWidth: number;
  centerWidth: number;
}

export interface ColumnState {
  columns: string[];
  pinned?: string[];
  widths?: Record<string, number>;
}

interface Given extends ColumnState {
  onWidths: (widths: Record<string, number>) => void;
}

export function useColumns({ columns, pinned = NO_PINS, widths = NO_WIDTHS, onWidths }: Given) {
  const order = useMemo(() => [NAME, ...columns.filter((id) => id !== NAME)], [columns]);
  const narrow = useNarrow();
  const pins = useMemo(
    () => ({ start: [NAME, ...(narrow ? [] : pinned.filter((id) => columns.includes(id)))], end: [] }),
    [pinned, columns, narrow],
  );
  const definitions = useMemo(
    () =>
      columnsOf(order).map((column) => ({
        id: column.id,
        size: column.width,
        minSize: NARROWEST_PX,
        maxSize: WIDEST_PX,
      })),
    [order],
  );
  const [sizing, setSizing] = useState<ColumnSizingState>(widths);
  const latest = useRef<ColumnSizingState>(widths);
  useEffect(() => {
    latest.current = widths;
    setSizing(widths);
  }, [widths]);
  const table = useTable({
    features,
    data: NO_ROWS,
    columns: definitions,
    columnResizeMode: "onChange",
    state: { columnOrder: order, columnPinning: pins, columnSizing: sizing },
    onColumnSizingChange: (change) => {
      latest.current = typeof change === "function" ? change(latest.current) : change;
      setSizing(latest.current);
    },
  });
  const resizing = table.state.columnResizing.isResizingColumn;
  // The address gets the width once the mouse lets go, not at every move of it.
  const wasResizing = useRef(resizing);
  useEffect(() => {
    if (wasResizing.current && !resizing) onWidths(latest.current);
    wasResizing.current = resizing;
  }, [resizing, onWidths]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the table gives others when these change
  const layout = useMemo((): Layout => {
    const placed = (found: { id: string }[]): Placed[] => {
      let left = 0;
      return columnsOf(found.map((each) => each.id)).map((column) => {
        const wanted = Math.min(WIDEST_PX, Math.max(NARROWEST_PX, sizing[column.id] ?? column.width));
        const width = narrow && column.id === NAME ? Math.min(NARROW_NAME_PX, wanted) : wanted;
        left += width;
        return { column, left: left - width, width };
      });
    };
    const start = placed(table.getStartLeafColumns());
    const center = placed(table.getCenterLeafColumns());
    const total = (all: Placed[]) => all.reduce((sum, each) => sum + each.width, 0);
    return { start, center, startWidth: total(start), centerWidth: total(center) };
  }, [order, pins, sizing, narrow]);
  return { table, layout };
}
