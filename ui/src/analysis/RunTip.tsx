import type { RunMessage } from "@/api/endpoints";
import { colourOf } from "@/charts/colours";
import { metricText, nameOf } from "@/runs/values";
import type { Column } from "./columns";

/** What the pointer is at: a run and what it has of the columns that are drawn. */
export function RunTip({
  run,
  at,
  columns,
  x,
  y,
  width,
}: {
  run: RunMessage;
  /** The run's number among all. */
  at: number;
  columns: readonly Column[];
  x: number;
  y: number;
  width: number;
}) {
  const toLeft = x > width / 2;
  return (
    <div
      className="run-tip"
      style={{ top: y + 12, left: toLeft ? undefined : x + 12, right: toLeft ? width - x + 12 : undefined }}
    >
      <div className="run-tip-name">
        <span className="dot" style={{ background: colourOf(run.info.run_id ?? "") }} />
        {nameOf(run)}
      </div>
      <table>
        <tbody>
          {columns.map((column) => (
            <tr key={column.id}>
              <th scope="row">{column.title}</th>
              <td>{valueText(column, at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function valueText(column: Column, at: number): string {
  const value = column.values[at];
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? metricText(value) : value;
}
