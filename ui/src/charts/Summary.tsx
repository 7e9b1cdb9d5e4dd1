import { valueText, X_NAMES, xText } from "./formats";
import type { XAxis } from "./state";
import type { PictureSummary } from "./summary";

const MOST_ROWS = 10;

/** The chart in words. */
export function Summary({ summary, axis }: { summary: PictureSummary; axis: XAxis }) {
  const { runs, low, high } = summary;
  if (low === undefined || high === undefined) return null;
  if (runs.length > MOST_ROWS)
    return (
      <p className="hidden-text">
        {runs.length} runs; values from {valueText(low)} to {valueText(high)}.
      </p>
    );
  return (
    <div className="hidden-text">
      <table>
        <thead>
          <tr>
            <th>Run</th>
            <th>Last</th>
            <th>{X_NAMES[axis]}</th>
            <th>Minimum</th>
            <th>Maximum</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <th>{run.name}</th>
              <td>{valueText(run.last)}</td>
              <td>{xText(axis, run.lastX)}</td>
              <td>{valueText(run.low)}</td>
              <td>{valueText(run.high)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
