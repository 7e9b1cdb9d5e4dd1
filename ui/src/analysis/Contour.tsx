import { contours } from "d3-contour";
import { useCallback, useMemo, useState } from "react";
import { counted } from "@/parts/counts";
import { drawable, lostText } from "./axes";
import { ColumnField } from "./ColumnField";
import { type Area, type Context, type Draw, legend, plotAxes } from "./draw";
import { LogCheck } from "./LogCheck";
import { Picture } from "./Picture";
import { rampAt } from "./palette";
import { RunTip } from "./RunTip";
import { plotArea, pointAt } from "./Scatter";
import { surface } from "./surface";
import { ValuesTable } from "./ValuesTable";
import type { ViewProps } from "./view";

const HEIGHT = 460;
const GRID = 60;
const BANDS = 14;
const REACH_PX = 14;
const SAYS = {
  distance:
    "Between runs the surface is their mean, weighted by one over the squared distance on the picture; far from all runs it is a guess.",
  nearest: "Each place has the value of the run that is nearest on the picture.",
};

/** A third column over two: bands between the runs that are known. */
export default function Contour({ values, chosen, state, onState, experimentId, onOpen }: ViewProps) {
  const [hover, setHover] = useState<{ at: number; x: number; y: number; width: number }>();
  const { runs } = values;
  const { logs } = chosen;
  const axis = (id: string | undefined) => (id ? values.axis(id, logs.includes(id)) : undefined);
  const [x, y, z] = [axis(chosen.x), axis(chosen.y), axis(chosen.z)];
  const between = state.between ?? "distance";
  const shown = useMemo(() => (x && y && z ? drawable([x, y, z], runs.length) : []), [x, y, z, runs.length]);
  const named = z?.names !== undefined;
  const bands = useMemo(() => {
    if (!x || !y || !z || named || shown.length === 0) return [];
    const points = shown.map((at) => ({
      x: x.places[at] ?? 0,
      y: y.places[at] ?? 0,
      z: z.places[at] ?? 0,
    }));
    const thresholds = Array.from({ length: BANDS }, (_, at) => at / BANDS);
    return contours()
      .size([GRID, GRID])
      .smooth(between === "distance")
      .thresholds(thresholds)([...surface(points, GRID, between)]);
  }, [x, y, z, named, shown, between]);
  const draw = useCallback<Draw>(
    (context, frame) => {
      if (!x || !y || !z) return;
      const area = plotArea(frame);
      for (const [at, band] of bands.entries()) {
        context.fillStyle = rampAt(at / (BANDS - 1), frame.palette.dark);
        shape(context, area, band.coordinates);
        context.fill("evenodd");
      }
      plotAxes(context, frame, area, x, y);
      if (!named) legend(context, frame, z);
      for (const at of shown) {
        const [px, py] = pointAt(area, x, y, at);
        context.beginPath();
        context.arc(px, py, 3.5, 0, 2 * Math.PI);
        context.fillStyle = rampAt(z.places[at] ?? 0, frame.palette.dark);
        context.fill();
        context.strokeStyle = "#ffffff";
        context.lineWidth = 1.5;
        context.stroke();
      }
    },
    [x, y, z, bands, shown, named],
  );
  const move = (px: number, py: number, width: number) => {
    if (!x || !y) return;
    const area = plotArea({ width, height: HEIGHT });
    const distance = (at: number) => {
      const [ox, oy] = pointAt(area, x, y, at);
      return Math.hypot(ox - px, oy - py);
    };
    const near = shown.filter((at) => distance(at) < REACH_PX).sort((a, b) => distance(a) - distance(b))[0];
    setHover(near === undefined ? undefined : { at: near, x: px, y: py, width });
  };
  const columns = [x, y, z].filter((each) => each !== undefined).map((each) => each.column);
  const run = hover && runs[hover.at];
  const field = { experimentId, attributes: true };
  return (
    <>
      <div className="toolbar analysis-fields">
        <ColumnField {...field} label="x" value={chosen.x} onChange={(id) => onState({ x: id })} />
        <LogCheck id={chosen.x} logs={chosen.logs} onState={onState} />
        <ColumnField {...field} label="y" value={chosen.y} onChange={(id) => onState({ y: id })} />
        <LogCheck id={chosen.y} logs={chosen.logs} onState={onState} />
        <ColumnField {...field} label="z" value={chosen.z} onChange={(id) => onState({ z: id })} />
        <LogCheck id={chosen.z} logs={chosen.logs} onState={onState} />
        <label className="check">
          Between
          <select
            className="choice"
            value={between}
            onChange={(event) =>
              onState({ between: event.target.value === "nearest" ? "nearest" : undefined })
            }
          >
            <option value="distance">inverse distance</option>
            <option value="nearest">nearest run</option>
          </select>
        </label>
      </div>
      {named && (
        <p className="warning">The colour of a surface needs numbers; {z?.column.title} has names.</p>
      )}
      {!(x && y && z) && <p className="empty soft">Choose columns for x, y and z.</p>}
      {x && y && z && (
        <>
          <Picture
            label={`Contour plot of ${z.column.title} over ${x.column.title} and ${y.column.title}: ${counted(shown.length, "run")}`}
            name={`contour ${z.column.title} ${x.column.title} ${y.column.title}`}
            height={HEIGHT}
            draw={draw}
            cursor={hover ? "pointer" : undefined}
            onMove={move}
            onLeave={() => setHover(undefined)}
            onRelease={() => hover && onOpen(hover.at)}
          >
            {hover && run && <RunTip {...hover} run={run} columns={columns} />}
          </Picture>
          <p className="soft">
            {counted(shown.length, "run")}. {SAYS[between]} {lostText([x, y, z], runs.length)}
          </p>
          <ValuesTable runs={runs} rows={shown} columns={columns} />
        </>
      )}
    </>
  );
}

/** The path of a band that is told in cells of the grid. */
function shape(context: Context, area: Area, polygons: number[][][][]): void {
  const width = (area.right - area.left) / GRID;
  const height = (area.bottom - area.top) / GRID;
  context.beginPath();
  for (const ring of polygons.flat()) {
    for (const [at, [column = 0, row = 0]] of ring.entries()) {
      const [x, y] = [area.left + column * width, area.bottom - row * height];
      if (at === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.closePath();
  }
}
