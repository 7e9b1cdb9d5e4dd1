import { Link } from "@tanstack/react-router";
import type { RunMessage } from "@/api/endpoints";
import { nameOf } from "@/runs/values";
import type { Column } from "./columns";
import { valueText } from "./RunTip";

const MOST_ROWS = 200;

/** What a picture shows, as a table; runs are reached by keyboard here. */
export function ValuesTable({
  runs,
  rows,
  columns,
}: {
  runs: readonly RunMessage[];
  /** Numbers of the runs that the picture shows. */
  rows: readonly number[];
  columns: readonly Column[];
}) {
  const shown = rows.slice(0, MOST_ROWS);
  return (
    <details className="values-table">
      <summary>As a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
      <section tabIndex={0} aria-label="Values of the picture">
        <table>
          <thead>
            <tr>
              <th scope="col">Run</th>
              {columns.map((column) => (
                <th key={column.id} scope="col">
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((at) => {
              const run = runs[at];
              const { run_id: runId = "", experiment_id: experimentId = "" } = run?.info ?? {};
              return (
                run && (
                  <tr key={runId}>
                    <th scope="row">
                      <Link to="/experiments/$experimentId/runs/$runId" params={{ experimentId, runId }}>
                        {nameOf(run)}
                      </Link>
                    </th>
                    {columns.map((column) => (
                      <td key={column.id} className={column.kind === "numbers" ? "numeric" : undefined}>
                        {valueText(column, at)}
                      </td>
                    ))}
                  </tr>
                )
              );
            })}
          </tbody>
        </table>
      </section>
      {shown.length < rows.length && (
        <p className="soft">
          The first {MOST_ROWS} of {rows.length.toLocaleString("en")} runs.
        </p>
      )}
    </details>
  );
}
