import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import "@/parts/sheet.css";

const ROW_HEIGHT = 31;
const FEW = 60;

export interface VirtualColumn<R> {
  title: string;
  /** Of CSS. */
  width?: string;
  numeric?: boolean;
  cell: (row: R) => ReactNode;
}

/** A table of any length: rows out of sight are left out once there are many. Rows may have any height. */
export function VirtualTable<R>({
  label,
  rows,
  keyOf,
  columns,
  onShown,
}: {
  label: string;
  rows: R[];
  keyOf: (row: R) => string;
  columns: VirtualColumn<R>[];
  onShown?: (first: number, last: number) => void;
}) {
  const scroller = useRef<HTMLElement>(null);
  const many = rows.length > FEW;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 15,
    enabled: many,
    getItemKey: (at) => keyOf(rows[at] as R),
    onChange: (instance) => {
      const { startIndex = 0, endIndex = -1 } = instance.range ?? {};
      onShown?.(startIndex, endIndex);
    },
  });
  const shown = many
    ? virtual.getVirtualItems()
    : rows.map((_, index) => ({ index, start: 0, end: 0, key: index }));
  const before = many ? (shown[0]?.start ?? 0) : 0;
  const after = many ? virtual.getTotalSize() - (shown.at(-1)?.end ?? 0) : 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section ref={scroller} className="table-scroller" aria-label={label} tabIndex={0}>
      <table className="sheet" aria-rowcount={rows.length + 1}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.title} style={{ width: column.width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" className={column.numeric ? "numeric" : ""}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Space height={before} />}
          {shown.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <tr
                key={keyOf(row)}
                data-index={item.index}
                ref={many ? virtual.measureElement : undefined}
                aria-rowindex={item.index + 2}
              >
                {columns.map((column) => (
                  <td key={column.title} className={column.numeric ? "numeric" : ""}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 && <Space height={after} />}
        </tbody>
      </table>
    </section>
  );
}

const Space = ({ height }: { height: number }) => (
  <tr>
    <td style={{ height, padding: 0, border: 0 }} />
  </tr>
);
