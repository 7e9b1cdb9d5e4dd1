import { lazy, memo, Suspense, useMemo, useRef } from "react";
import { Problem } from "@/parts/Problem";
import { ChartActions } from "./ChartActions";
import type { ChartData } from "./ChartData";
import type { Hover } from "./hover";
import { type ChartRun, type Look, pictureOf } from "./picture";
import { Summary } from "./Summary";
import { isWhole } from "./series";
import { summaryOf } from "./summary";
import { useHeads } from "./useHeads";
import { useLoaded } from "./useLoaded";
import { useWidth } from "./useWidth";
import { bucketsFor, type View } from "./views";

const loadPlot = () => import("./ChartPlot");
const ChartPlot = lazy(loadPlot);
void loadPlot().catch(() => undefined); // is there before the first answer; what failed is loaded again when it is shown

const AXES_PIXELS = 62;

/** What all charts of a grid share. */
export interface Shared {
  runs: ChartRun[];
  hidden: ReadonlySet<string>;
  look: Look;
  data: ChartData;
  hover: Hover;
  /** Charts of one group have one crosshair. */
  group: string;
  onZoom: (key: string, range: [number, number] | undefined) => void;
  onLarge: (key: string | undefined) => void;
}

interface Props {
  chartKey: string;
  zoom?: [number, number];
  large?: boolean;
  shared: Shared;
}

/** A metric of all runs. */
export const Chart = memo(function Chart({ chartKey, zoom, large = false, shared }: Props) {
  const { runs, hidden, look, data, hover, group, onZoom } = shared;
  const place = useRef<HTMLDivElement>(null);
  const pixels = useWidth(place) - AXES_PIXELS;
  const x = look.x ?? "step";
  const view: View | undefined = pixels > 0 ? { key: chartKey, x, buckets: bucketsFor(pixels) } : undefined;
  const whole = useLoaded(data, view, runs);
  const all = useMemo(() => runs.map((run) => whole.series.get(run.runId)), [runs, whole]);
  const complete = all.every((series) => series !== undefined);
  const fine = complete && all.every((series) => !series || isWhole(series));
  const part = useLoaded(data, view && zoom && !fine ? { ...view, range: zoom } : undefined, runs);
  const zoomed = zoom !== undefined && !fine && runs.every((run) => part.series.has(run.runId));
  const headed = useHeads(data, complete && !fine ? view : undefined, runs, whole.series, look);
  const { picture, notes, ends } = useMemo(
    () => pictureOf(runs, hidden, headed, zoomed ? part.series : undefined, look, zoom),
    [runs, hidden, headed, part, zoomed, look, zoom],
  );
  const summary = useMemo(() => summaryOf(picture), [picture]);
  const error = whole.error ?? part.error;
  const empty = complete && picture.strokes.length === 0;
  const settled = complete && (zoom === undefined || fine || zoomed);
  const seen = error ? "failed" : empty ? "empty" : settled ? "drawn" : "loading";
  return (
    <figure
      className={large ? "chart large" : "chart"}
      data-key={chartKey}
      data-state={seen}
      data-points={summary.points}
      data-low={summary.low}
      data-high={summary.high}
      data-last={summary.lastX}
    >
      <figcaption>
        <span className="title" title={chartKey}>
          {chartKey}
        </span>
        {notes.length > 0 && (
          <span className="note soft" title={notes.map((note) => note.long).join("\n")}>
            {notes.map((note) => note.short).join(" · ")}
          </span>
        )}
        <ChartActions
          chartKey={chartKey}
          zoomed={zoom !== undefined}
          large={large}
          picture={picture}
          whole={whole}
          shared={shared}
        />
      </figcaption>
      <div className="chart-body" ref={place}>
        {error && <Problem error={error} retry={() => view && data.retry(view)} />}
        {empty && <p className="soft">None of these runs has points of this metric.</p>}
        {!error && !empty && whole.series.size > 0 && (
          <Suspense>
            <ChartPlot
              title={chartKey}
              picture={picture}
              ends={ends}
              axis={x}
              group={group}
              hover={hover}
              onZoom={(range) => onZoom(chartKey, range)}
            />
          </Suspense>
        )}
      </div>
      <Summary summary={summary} axis={x} />
    </figure>
  );
});
