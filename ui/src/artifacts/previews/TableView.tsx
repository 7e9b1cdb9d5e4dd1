import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useReducer, useRef, useState } from "react";
import { type Column, cellOf, isNumber, type Rows } from "./rows";
import "./table.css";

const ROW_HEIGHT = 27;
const AHEAD = 60;
const SAMPLE = 40;
const MOST_COLUMNS = 100;
const MOST_CHARS = 400;
const [NARROW, WIDE] = [7, 44];

/** A table of any number of rows, of which those in sight are fetched and drawn. */
export function TableView({
  rows,
  cell = (value) => cellOf(value).slice(0, MOST_CHARS),
}: {
  rows: Rows;
  cell?: (value: unknown) => ReactNode;
}) {
  const scroller = useRef<HTMLElement>(null);
  const [, drawAgain] = useReducer((count: number) => count + 1, 0);
  const [error, setError] = useState<Error>();
  const [columnsShown, setColumnsShown] = useState(MOST_COLUMNS);
  const virtual = useVirtualizer({
    count: rows.known,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const first = virtual.range?.startIndex ?? 0;
  const last = (virtual.range?.endIndex ?? 0) + AHEAD;
  useEffect(() => {
    const over = new AbortController();
    rows
      .load(first, last, over.signal)
      .then(() => {
        setError(undefined);
        drawAgain();
      })
      .catch((failed: Error) => over.signal.aborted || setError(failed));
    return () => over.abort();
  }, [rows, first, last]);
  const columns = rows.columns.slice(0, columnsShown);
  const looks = useMemo(
    () =>
      rows.columns.map((column, at) => ({ width: widthOf(column, at, rows), numeric: isNumeric(at, rows) })),
    [rows],
  );
  const numeric = (at: number) => (looks[at]?.numeric ? "numeric" : "");
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  if (rows.columns.length === 0) return <p className="soft">There are no columns in it.</p>;
  return (
    <>
      <p className="soft table-count">
        {rows.known.toLocaleString("en")}
        {!rows.ended && "+"} rows, {rows.columns.length.toLocaleString("en")} columns
        {rows.columns.length > columnsShown && (
          <button
            type="button"
            className="quiet"
            onClick={() => setColumnsShown(columnsShown + MOST_COLUMNS)}
          >
            {columnsShown} are shown; more
          </button>
        )}
      </p>
      {error && <p className="field-problem">{error.message}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section ref={scroller} className="data-scroller" aria-label="Rows" tabIndex={0}>
        <table className="data-table" aria-rowcount={rows.ended ? rows.known + 1 : -1}>
          <colgroup>
            <col style={{ width: "64px" }} />
            {columns.map((column, at) => (
              <col key={column.name} style={{ width: `${looks[at]?.width}ch` }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden-text">Row</span>
              </th>
              {columns.map((column, at) => (
                <th key={column.name} scope="col" title={column.name} className={numeric(at)}>
                  {column.name}
                  {column.type && <span className="data-type">{column.type}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <Space height={before} />}
            {items.map((item) => {
              const row = rows.row(item.index);
              return (
                <tr key={item.index} aria-rowindex={item.index + 2}>
                  <th scope="row">{(item.index + 1).toLocaleString("en")}</th>
                  {columns.map((column, at) => (
                    <td key={column.name} className={numeric(at)}>
                      {row ? cell(row[at]) : "…"}
                    </td>
                  ))}
                </tr>
              );
            })}
            {after > 0 && <Space height={after} />}
          </tbody>
        </table>
      </section>
    </>
  );
}

const Space = ({ height }: { height: number }) => (
  <tr>
    <td style={{ height, padding: 0, border: 0 }} />
  </tr>
);

/** Whether its first values are numbers, or text that is one. */
function isNumeric(at: number, rows: Rows): boolean {
  let found = false;
  for (let index = 0; index < Math.min(SAMPLE, rows.known); index += 1) {
    const value = rows.row(index)?.[at];
    if (value === null || value === undefined || value === "") continue;
    if (!isNumber(value) && (typeof value !== "string" || Number.isNaN(Number(value)))) return false;
    found = true;
  }
  return found;
}

/** As wide as the longest of the first values, within reason. */
function widthOf(column: Column, at: number, rows: Rows): number {
  let longest = Math.max(column.name.length, (column.type?.length ?? 0) - 2);
  for (let index = 0; index < Math.min(SAMPLE, rows.known); index += 1)
    longest = Math.max(longest, cellOf(rows.row(index)?.[at]).length);
  return Math.max(NARROW, Math.min(WIDE, longest)) + 3;
}
