import { useCallback, useMemo, useState } from "react";
import { counted } from "@/parts/counts";
import { type Axis, drawable, lostText } from "./axes";
import { ColumnField } from "./ColumnField";
import { type Area, type Draw, type Frame, legend, plotAxes } from "./draw";
import { LogCheck } from "./LogCheck";
import { Picture } from "./Picture";
import { colourBy } from "./palette";
import { RunTip } from "./RunTip";
import { ValuesTable } from "./ValuesTable";
import type { ViewProps } from "./view";

const HEIGHT = 460;
const SMALL = 3;
const LARGE = 11;
const REACH_PX = 20;

export const plotArea = ({ width, height }: Pick<Frame, "width" | "height">): Area => ({
  left: width < 520 ? 72 : 96,
  top: 34,
  right: width - 20,
  bottom: height - 46,
});

/** Runs as points: where they stand by two columns, coloured and sized by two more. */
export default function Scatter({ values, chosen, state, onState, experimentId, onOpen }: ViewProps) {
  const [hover, setHover] = useState<{ at: number; x: number; y: number; width: number }>();
  const { runs } = values;
  const { logs } = chosen;
  const axis = (id: string | undefined) => (id ? values.axis(id, logs.includes(id)) : undefined);
  const [x, y, size, colour] = [axis(chosen.x), axis(chosen.y), axis(state.size), axis(chosen.colour)];
  const shown = useMemo(
    () => (x && y ? drawable(size ? [x, y, size] : [x, y], runs.length) : []),
    [x, y, size, runs.length],
  );
  const draw = useCallback<Draw>(
    (context, frame) => {
      if (!x || !y) return;
      const area = plotArea(frame);
      plotAxes(context, frame, area, x, y);
      if (colour) legend(context, frame, colour);
      context.globalAlpha = shown.length > 400 ? 0.6 : 0.85;
      for (const at of shown) {
        const [px, py] = pointAt(area, x, y, at);
        context.beginPath();
        context.arc(px, py, radius(size, at), 0, 2 * Math.PI);
        context.fillStyle = colourBy(colour, at, frame.palette);
        context.fill();
        context.strokeStyle = frame.palette.surface;
        context.lineWidth = 1;
        context.stroke();
      }
      context.globalAlpha = 1;
    },
    [x, y, size, colour, shown],
  );
  const over = useCallback<Draw>(
    (context, frame) => {
      if (!hover || !x || !y) return;
      const [px, py] = pointAt(plotArea(frame), x, y, hover.at);
      context.beginPath();
      context.arc(px, py, radius(size, hover.at) + 3, 0, 2 * Math.PI);
      context.strokeStyle = frame.palette.text;
      context.lineWidth = 2;
      context.stroke();
    },
    [hover, x, y, size],
  );
  const move = (px: number, py: number, width: number) => {
    if (!x || !y) return;
    const area = plotArea({ width, height: HEIGHT });
    let best = REACH_PX;
    let found: number | undefined;
    for (const at of shown) {
      const [ox, oy] = pointAt(area, x, y, at);
      const distance = Math.hypot(ox - px, oy - py) - radius(size, at);
      if (distance < best) [best, found] = [distance, at];
    }
    setHover(found === undefined ? undefined : { at: found, x: px, y: py, width });
  };
  const axes = [x, y, size, colour].filter((each) => each !== undefined);
  const columns = axes.map((each) => each.column);
  const run = hover && runs[hover.at];
  const field = { experimentId, attributes: true };
  return (
    <>
      <div className="toolbar analysis-fields">
        <ColumnField {...field} label="x" value={chosen.x} onChange={(id) => onState({ x: id })} />
        <LogCheck id={chosen.x} logs={chosen.logs} onState={onState} />
        <ColumnField {...field} label="y" value={chosen.y} onChange={(id) => onState({ y: id })} />
        <LogCheck id={chosen.y} logs={chosen.logs} onState={onState} />
        <ColumnField
          {...field}
          label="Colour"
          none="one"
          value={chosen.colour}
          onChange={(id) => onState({ colour: id })}
        />
        <ColumnField
          {...field}
          label="Size"
          none="one"
          value={state.size}
          onChange={(id) => onState({ size: id })}
        />
      </div>
      {!(x && y) && <p className="empty soft">Choose columns for x and y.</p>}
      {x && y && (
        <>
          <Picture
            label={`Scatter plot of ${y.column.title} over ${x.column.title}: ${counted(shown.length, "run")}`}
            name={`scatter ${y.column.title} ${x.column.title}`}
            height={HEIGHT}
            draw={draw}
            over={over}
            cursor={hover ? "pointer" : undefined}
            onMove={move}
            onLeave={() => setHover(undefined)}
            onRelease={() => hover && onOpen(hover.at)}
          >
            {hover && run && <RunTip {...hover} run={run} columns={columns} />}
          </Picture>
          <p className="soft">
            {counted(shown.length, "run")}. {lostText(size ? [x, y, size] : [x, y], runs.length)}
          </p>
          <ValuesTable runs={runs} rows={shown} columns={columns} />
        </>
      )}
    </>
  );
}

export function pointAt(area: Area, x: Axis, y: Axis, at: number): [number, number] {
  return [
    area.left + (x.places[at] ?? 0) * (area.right - area.left),
    area.bottom - (y.places[at] ?? 0) * (area.bottom - area.top),
  ];
}

/** The area of a point grows with the value. */
const radius = (size: Axis | undefined, at: number): number =>
  size ? SMALL + Math.sqrt(size.places[at] ?? 0) * (LARGE - SMALL) : 4.5;
