import type { Shared } from "./Chart";
import type { Shown } from "./picture";

interface Props {
  chartKey: string;
  zoomed: boolean;
  large: boolean;
  shown: Shown;
  shared: Shared;
}

/** What can be done with one chart. */
export function ChartActions({ chartKey, zoomed, large, shared }: Props) {
  return (
    <span className="chart-actions">
      {zoomed && (
        <button type="button" className="chart-button" onClick={() => shared.onZoom(chartKey, undefined)}>
          Whole range
        </button>
      )}
      {!large && (
        <button
          type="button"
          className="chart-button"
          aria-label={`Enlarge ${chartKey}`}
          title="Enlarge"
          onClick={() => shared.onLarge(chartKey)}
        >
          ⤢
        </button>
      )}
    </span>
  );
}
