import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import type { RunMessage } from "@/api/endpoints";
import { useWidth } from "@/charts/useWidth";
import { counted } from "@/parts/counts";
import type { Better } from "./differences";
import { RowCells } from "./RowCells";
import { RunHead } from "./RunHead";
import type { Row } from "./rows";
import type { Section } from "./search";
import type { Part } from "./sections";
import "./table.css";

const ROW_PX = 30;
const TALL_PX = 44;
const PART_PX = 34;
const HEAD_PX = 60;
const LEAST_PX = 148;
const MOST_PX = 380;
const NARROW_PX = 640;

type Item = { part: Part } | { row: Row };

interface Props {
  runs: RunMessage[];
  parts: Part[];
  baseline?: string;
  better: Record<string, Better>;
  onBaseline: (runId: string | undefined) => void;
  onBetter: (key: string) => void;
  onRemove: (runId: string) => void;
  onSection: (section: Section) => void;
  onRead: (row: Row, at: number) => void;
}

/**
 * Runs as columns, with the names of the rows pinned. Only what is on the screen is made, whatever there is; the roles
 * say what a table element would.
 */
export function CompareTable({ runs, parts, baseline, better, ...acts }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const frameWidth = useWidth(frame);
  const namePx = frameWidth < NARROW_PX ? 132 : 240;
  const columnPx = Math.min(MOST_PX, Math.max(LEAST_PX, Math.floor((frameWidth - namePx) / runs.length)));
  const items = useMemo(
    (): Item[] =>
      parts.flatMap((part) => [{ part }, ...(part.closed ? [] : part.rows.map((row) => ({ row })))]),
    [parts],
  );
  const at = runs.findIndex((run) => run.info.run_id === baseline);
  const sizes = (index: number) => {
    const item = items[index];
    if (!item || "part" in item) return PART_PX;
    return at >= 0 && item.row.numbers ? TALL_PX : ROW_PX;
  };
  const down = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: sizes,
    paddingStart: HEAD_PX,
    overscan: 10,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: runs.length,
    getScrollElement: () => frame.current,
    estimateSize: () => columnPx,
    paddingStart: namePx,
    overscan: 2,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes follow what they are made of
  useEffect(() => {
    down.measure();
    across.measure();
  }, [items, at >= 0, columnPx, namePx]);

  const columns = across.getVirtualItems();
  const width = across.getTotalSize();
  return (
    <div
      className="compare-table"
      ref={frame}
      role="table"
      aria-label="Runs side by side"
      aria-rowcount={items.length + 1}
      aria-colcount={runs.length + 1}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
      tabIndex={0}
    >
      <div style={{ height: down.getTotalSize(), width, position: "relative" }} role="rowgroup">
        <div className="compare-head" role="row" aria-rowindex={1} style={{ width, height: HEAD_PX }}>
          <div className="compare-name" role="columnheader" style={{ width: namePx }}>
            {counted(runs.length, "run")}
          </div>
          {columns.map((column) => {
            const run = runs[column.index];
            return (
              run && (
                <RunHead
                  key={run.info.run_id}
                  run={run}
                  column={column}
                  baseline={column.index === at}
                  only={runs.length === 1}
                  onBaseline={acts.onBaseline}
                  onRemove={acts.onRemove}
                />
              )
            );
          })}
        </div>
        {down.getVirtualItems().map((line) => {
          const item = items[line.index];
          if (!item) return null;
          const place = { top: line.start, height: line.size, width };
          return "part" in item ? (
            <PartHead key={item.part.section} part={item.part} line={line.index} style={place} {...acts} />
          ) : (
            <div
              key={`${item.row.section} ${item.row.key}`}
              role="row"
              aria-rowindex={line.index + 2}
              className={item.row.differs ? "compare-row differs" : "compare-row"}
              style={place}
            >
              <RowCells
                row={item.row}
                columns={columns}
                namePx={namePx}
                baseline={at < 0 ? undefined : at}
                better={item.row.numbers && better[item.row.key]}
                onBetter={acts.onBetter}
                onRead={acts.onRead}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function PartHead({
  part,
  line,
  style,
  onSection,
}: {
  part: Part;
  line: number;
  style: { top: number; height: number; width: number };
  onSection: (section: Section) => void;
}) {
  const shown = part.rows.length;
  return (
    <div className="compare-part" role="row" aria-rowindex={line + 2} style={style}>
      <div role="rowheader" className="compare-part-name">
        <button type="button" aria-expanded={!part.closed} onClick={() => onSection(part.section)}>
          <span aria-hidden="true">{part.closed ? "▸" : "▾"}</span> {part.title}
        </button>
        <span className="soft">
          {part.total === 0
            ? part.note || part.closed
              ? ""
              : "none"
            : `${part.total.toLocaleString("en")}, ${part.differing.toLocaleString("en")} differ`}
          {shown < part.total && !part.closed && ` · ${shown.toLocaleString("en")} shown`}
          {part.note && ` ${part.note}`}
        </span>
      </div>
    </div>
  );
}
