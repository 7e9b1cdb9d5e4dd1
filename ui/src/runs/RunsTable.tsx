import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { RunMessage } from "@/api/endpoints";
import { type Column, nextOrder } from "./columns";

const ROW_PX = 36;
const NAME_PX = 260;
const AHEAD = 40;

interface Props {
  runs: RunMessage[];
  columns: Column[];
  order: string;
  selected: Set<string>;
  onOrder: (order: string) => void;
  onSelect: (runId: string, on: boolean) => void;
  onEnd: () => void;
}

/**
 * Rows and columns that are on the screen, and a few beside it, whatever there is. The roles say what a table element
 * would, which can't leave rows out.
 */
export function RunsTable({ runs, columns, order, selected, onOrder, onSelect, onEnd }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: runs.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => frame.current,
    estimateSize: (at) => columns[at]?.width ?? 0,
    paddingStart: NAME_PX,
    overscan: 3,
  });
  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (runs.length > 0 && lastShown >= runs.length - AHEAD) onEnd();
  }, [lastShown, runs.length, onEnd]);

  const cells = across.getVirtualItems();
  const width = across.getTotalSize();
  return (
    <div className="grid" ref={frame} role="table" aria-label="Runs" aria-rowcount={runs.length + 1}>
      <div className="grid-head" role="row" style={{ width }}>
        <div className="grid-name" role="columnheader">
          Run
        </div>
        {cells.map((cell) => {
          const column = columns[cell.index];
          if (!column) return null;
          return (
            <div
              key={column.id}
              role="columnheader"
              className={column.numeric ? "cell numeric" : "cell"}
              style={{ left: cell.start, width: cell.size }}
              aria-sort={sortOf(order, column)}
            >
              {column.order ? (
                <button
                  type="button"
                  onClick={() => onOrder(nextOrder(order, column.order ?? ""))}
                  title={column.title}
                >
                  {column.title}
                  {sign(order, column)}
                </button>
              ) : (
                column.title
              )}
            </div>
          );
        })}
      </div>
      <div style={{ height: rows.getTotalSize(), width, position: "relative" }} role="rowgroup">
        {shown.map((row) => {
          const run = runs[row.index];
          if (!run) return null;
          const id = run.info.run_id ?? "";
          return (
            <div
              key={id}
              role="row"
              aria-rowindex={row.index + 2}
              className={selected.has(id) ? "grid-row selected" : "grid-row"}
              style={{ transform: `translateY(${row.start}px)`, width }}
            >
              <div className="grid-name" role="cell">
                <input
                  type="checkbox"
                  aria-label={`Select ${run.info.run_name}`}
                  checked={selected.has(id)}
                  onChange={(event) => onSelect(id, event.target.checked)}
                />
                <Link
                  to="/experiments/$experimentId/runs/$runId"
                  params={{ experimentId: run.info.experiment_id ?? "", runId: id }}
                  title={run.info.run_name}
                >
                  {run.info.run_name || id}
                </Link>
              </div>
              {cells.map((cell) => {
                const column = columns[cell.index];
                if (!column) return null;
                const text = column.text(run);
                return (
                  <div
                    key={column.id}
                    role="cell"
                    className={`cell${column.numeric ? " numeric" : ""} ${column.id === "status" ? text.toLowerCase() : ""}`}
                    style={{ left: cell.start, width: cell.size }}
                    title={text}
                  >
                    {text}
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function sortOf(order: string, column: Column): "ascending" | "descending" | "none" {
  if (!column.order || !order.startsWith(`${column.order} `)) return "none";
  return order.endsWith("ASC") ? "ascending" : "descending";
}

function sign(order: string, column: Column): string {
  return { ascending: " ↑", descending: " ↓", none: "" }[sortOf(order, column)];
}
