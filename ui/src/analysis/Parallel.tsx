import { useCallback, useMemo, useState } from "react";
import { counted } from "@/parts/counts";
import { AxesPopup } from "./AxesPopup";
import { lostText } from "./axes";
import { brushOf, moved, within } from "./brushes";
import { ColumnField } from "./ColumnField";
import { type Draw, legend } from "./draw";
import {
  drawAxes,
  drawBrushes,
  drawLines,
  HEIGHT,
  LEGEND_TOP,
  layoutOf,
  nearestAxis,
  nearestLine,
  path,
  placeOf,
  TITLE_BOTTOM,
} from "./lines";
import { Picture } from "./Picture";
import { RunTip } from "./RunTip";
import { ValuesTable } from "./ValuesTable";
import type { ViewProps } from "./view";

export const MOST_LINES = 1_000;
const GRAB_PX = 16;
const CLICK_PX = 4;

type Drag =
  | { kind: "title"; index: number; from: number; x: number }
  | { kind: "brush"; index: number; start: number; end: number; y: number };

/** Runs as lines over many axes: dragging along an axis chooses a part of it, dragging a title moves the axis. */
export default function Parallel({ values, chosen, state, onState, experimentId, onOpen }: ViewProps) {
  const [hover, setHover] = useState<{ at: number; x: number; y: number; width: number }>();
  const [drag, setDrag] = useState<Drag>();
  const { runs } = values;
  const count = Math.min(runs.length, MOST_LINES);
  const ids = drag?.kind === "title" ? moved(chosen.axes, drag.from, drag.index) : chosen.axes;
  const order = ids.join("\n");
  const { logs } = chosen;
  const axes = useMemo(
    () => (order ? order.split("\n") : []).map((id) => values.axis(id, logs.includes(id))),
    [order, values, logs],
  );
  const brushes = useMemo(() => {
    const axis = drag?.kind === "brush" ? axes[drag.index] : undefined;
    if (drag?.kind !== "brush" || !axis) return state.brushes ?? {};
    return { ...state.brushes, [axis.column.id]: brushOf(axis, drag.start, drag.end) };
  }, [state.brushes, drag, axes]);
  const inside = useMemo(() => within(axes, brushes, count), [axes, brushes, count]);
  const colour = chosen.colour ? values.axis(chosen.colour, logs.includes(chosen.colour)) : undefined;
  const dragged = useMemo(
    () => (drag?.kind === "title" ? { index: drag.index, x: drag.x } : undefined),
    [drag],
  );
  const draw = useCallback<Draw>(
    (context, frame) => {
      const layout = layoutOf(frame.width, axes.length, dragged);
      drawLines(context, frame, layout, axes, colour, inside);
      drawAxes(context, frame, layout, axes);
      drawBrushes(context, frame, layout, axes, brushes);
      if (colour) legend(context, frame, colour, LEGEND_TOP);
    },
    [axes, colour, inside, brushes, dragged],
  );
  const over = useCallback<Draw>(
    (context, frame) => {
      if (!hover) return;
      path(context, layoutOf(frame.width, axes.length), axes, hover.at);
      context.strokeStyle = frame.palette.text;
      context.lineWidth = 2.5;
      context.stroke();
    },
    [hover, axes],
  );

  const press = (x: number, y: number, width: number) => {
    const layout = layoutOf(width, axes.length);
    const { index, distance } = nearestAxis(layout, x);
    setHover(undefined);
    if (y < TITLE_BOTTOM && index >= 0) setDrag({ kind: "title", index, from: index, x });
    else if (distance <= GRAB_PX) {
      const start = placeOf(layout, y);
      setDrag({ kind: "brush", index, start, end: start, y });
    }
  };
  const move = (x: number, y: number, width: number) => {
    const layout = layoutOf(width, axes.length);
    if (drag?.kind === "title") setDrag({ ...drag, x, index: nearestAxis(layout, x).index });
    else if (drag) setDrag({ ...drag, end: placeOf(layout, y) });
    else {
      const at = nearestLine(layout, axes, inside, x, y);
      setHover(at === undefined ? undefined : { at, x, y, width });
    }
  };
  const release = (_x: number, y: number) => {
    if (drag?.kind === "title" && drag.index !== drag.from) onState({ axes: ids });
    if (drag?.kind === "brush") {
      const id = axes[drag.index]?.column.id ?? "";
      const { [id]: _, ...others } = state.brushes ?? {};
      // A press without a way is how a part is given back.
      onState({ brushes: Math.abs(y - drag.y) < CLICK_PX ? others : brushes });
    }
    if (!drag && hover) onOpen(hover.at);
    setDrag(undefined);
  };

  const rows = inside.flatMap((is, at) => (is ? [at] : []));
  const columns = axes.map((axis) => axis.column);
  const run = hover && runs[hover.at];
  const brushed = Object.keys(state.brushes ?? {}).length > 0;
  return (
    <>
      <div className="toolbar analysis-fields">
        <AxesPopup experimentId={experimentId} axes={axes} logs={logs} state={state} onState={onState} />
        <ColumnField
          label="Colour"
          none="one"
          experimentId={experimentId}
          attributes
          value={chosen.colour}
          onChange={(id) => onState({ colour: id ?? "none" })}
        />
        {brushed && (
          <button type="button" className="button" onClick={() => onState({ brushes: undefined })}>
            Clear choice
          </button>
        )}
        <span className="rest" />
        <span className="soft">Drag along an axis to choose a part, a title to move its axis.</span>
      </div>
      {axes.length === 0 ? (
        <p className="empty soft">No axes: choose some above.</p>
      ) : (
        <>
          <div className="parallel-scroll">
            <div style={{ minWidth: axes.length * 92 }}>
              <Picture
                label={`Parallel coordinates of ${columns.map((column) => column.title).join(", ")}: ${rows.length} of ${count} runs`}
                name="parallel coordinates"
                height={HEIGHT}
                draw={draw}
                over={over}
                cursor={hover ? "pointer" : drag?.kind === "title" ? "grabbing" : undefined}
                onPress={press}
                onMove={move}
                onRelease={release}
                onLeave={() => {
                  setHover(undefined);
                  setDrag(undefined); // a finger that scrolls the page instead
                }}
              >
                {hover && run && !drag && <RunTip {...hover} run={run} columns={columns} />}
              </Picture>
            </div>
          </div>
          <p className="soft" role="status">
            {brushed
              ? `${rows.length.toLocaleString("en")} of ${count.toLocaleString("en")} runs lie in the chosen parts.`
              : `${counted(count, "run")}.`}{" "}
            {runs.length > count &&
              `Lines of more than the newest ${MOST_LINES.toLocaleString("en")} can't be told apart. `}
            {lostText(axes, count).replace("aren't drawn", "have lines with gaps")}
          </p>
          <ValuesTable runs={runs} rows={rows} columns={columns} />
        </>
      )}
    </>
  );
}
