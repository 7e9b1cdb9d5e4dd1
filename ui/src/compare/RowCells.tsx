import type { VirtualItem } from "@tanstack/react-virtual";
import { useMemo } from "react";
import { type Better, best, deltaText, shades, standOut } from "./differences";
import type { Row } from "./rows";

const LONG = 26; // characters that a cell shows for sure
const SIGNS: Record<Better | "none", { sign: string; says: string }> = {
  none: { sign: "⇅", says: "neither way is better" },
  higher: { sign: "▲", says: "higher is better" },
  lower: { sign: "▼", says: "lower is better" },
};

interface Props {
  row: Row;
  columns: VirtualItem[];
  namePx: number;
  baseline?: number;
  better?: Better;
  onBetter: (key: string) => void;
  onRead: (row: Row, at: number) => void;
}

export function RowCells({ row, columns, namePx, baseline, better, onBetter, onRead }: Props) {
  const marks = useMemo(() => {
    const numbers = row.numbers ?? [];
    return {
      unlike: standOut(row.values, baseline),
      shade: shades(numbers, better),
      top: best(numbers, better),
    };
  }, [row, baseline, better]);
  const way = SIGNS[better ?? "none"];
  return (
    <>
      <div role="rowheader" className="compare-name" style={{ width: namePx }}>
        <span className="compare-key" title={row.key}>
          {row.key}
        </span>
        {row.numbers && (
          <button
            type="button"
            className={better ? "way chosen" : "way"}
            aria-label={`${row.key}: ${way.says}; change`}
            title={`${way.says}; press to change`}
            onClick={() => onBetter(row.key)}
          >
            {way.sign}
          </button>
        )}
      </div>
      {columns.map(({ index, start, size }) => {
        const value = row.values[index];
        const text = (row.texts ?? row.values)[index];
        const shade = marks.shade[index];
        const unlike = !row.numbers && marks.unlike[index];
        const long = value !== undefined && (text !== value || value.length > LONG) && !row.numbers;
        return (
          <div
            key={index}
            role="cell"
            aria-colindex={index + 2}
            className={`compare-cell${row.numbers ? " number" : ""}${unlike ? " unlike" : ""}${marks.top[index] ? " top" : ""}${index === baseline ? " baseline" : ""}`}
            style={{ left: start, width: size, background: shade === undefined ? undefined : tint(shade) }}
            title={long ? undefined : value}
          >
            {long || (row.long && value) ? (
              <button type="button" className="compare-more" onClick={() => onRead(row, index)}>
                {text}
              </button>
            ) : (
              <span className={text === undefined ? "soft" : undefined}>{text ?? "–"}</span>
            )}
            {marks.top[index] && <span className="hidden-text"> best</span>}
            {row.numbers && baseline !== undefined && index !== baseline && (
              <span className="delta">{deltaText(row.numbers[index], row.numbers[baseline])}</span>
            )}
          </div>
        );
      })}
    </>
  );
}

/** At most a third of the accent, so that text stays readable on it in both themes. */
const tint = (shade: number): string =>
  `color-mix(in srgb, var(--accent) ${Math.round(4 + shade * 30)}%, transparent)`;
