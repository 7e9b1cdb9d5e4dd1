import { scaleLinear, scaleLog } from "d3-scale";
import { useCallback, useMemo } from "react";
import { counted } from "@/parts/counts";
import { metricText } from "@/runs/values";
import { ColumnField } from "./ColumnField";
import { BOLD, type Draw, line, text } from "./draw";
import { LogCheck } from "./LogCheck";
import { Picture } from "./Picture";
import { nameColour } from "./palette";
import { type Box, boxesOf } from "./quartiles";
import { plotArea } from "./Scatter";
import type { ViewProps } from "./view";

const HEIGHT = 440;
const WIDEST_PX = 64;

/** How a metric is spread for each value of a param. */
export default function Boxes({ values, chosen, onState, experimentId }: ViewProps) {
  const metric = chosen.metric ? values.column(chosen.metric) : undefined;
  const param = chosen.param ? values.column(chosen.param) : undefined;
  const numbers = metric?.kind === "numbers" ? metric.values : undefined;
  const wantsLog = chosen.metric !== undefined && chosen.logs.includes(chosen.metric);
  const known = numbers?.filter((value) => value !== null && Number.isFinite(value)) ?? [];
  const log = wantsLog && known.some((value) => (value ?? 0) > 0);
  const groups = useMemo(() => {
    const shown = numbers?.map((value) => (log && value !== null && value <= 0 ? null : value));
    return param && shown ? boxesOf(param, shown) : undefined;
  }, [param, numbers, log]);
  const title = metric?.title ?? "";
  const paramTitle = param?.title ?? "";
  const boxes = groups?.boxes;
  const draw = useCallback<Draw>(
    (context, frame) => {
      if (!boxes || boxes.length === 0) return;
      const { palette } = frame;
      const area = plotArea(frame);
      const all = boxes.flatMap((box) => [box.low, box.high, ...box.outliers]);
      const scale = (log ? scaleLog() : scaleLinear())
        .domain(roomy(Math.min(...all), Math.max(...all), log))
        .range([area.bottom, area.top]);
      for (const tick of scale.ticks(6)) {
        const y = Math.round(scale(tick)) + 0.5;
        line(context, palette.line, [area.left, y], [area.right, y]);
        text(context, metricText(tick), area.left - 8, y, { align: "right", colour: palette.soft });
      }
      line(
        context,
        palette.strong,
        [area.left, area.top],
        [area.left, area.bottom],
        [area.right, area.bottom],
      );
      const room = (area.right - area.left) / boxes.length;
      for (const [at, box] of boxes.entries()) {
        const middle = area.left + (at + 0.5) * room;
        drawBox(context, palette.text, nameColour(at), box, middle, Math.min(WIDEST_PX, room * 0.6), scale);
        const look = { align: "center" as const, most: room - 6 };
        text(context, box.name, middle, area.bottom + 12, { ...look, colour: palette.text });
        text(context, counted(box.count, "run"), middle, area.bottom + 27, { ...look, colour: palette.soft });
      }
      const heading = `${title}${log ? " (log)" : ""} by ${paramTitle}`;
      text(context, heading, area.left, 16, {
        colour: palette.text,
        font: BOLD,
        most: area.right - area.left,
      });
    },
    [boxes, log, title, paramTitle],
  );
  const lost = (numbers?.length ?? 0) - (boxes?.reduce((sum, box) => sum + box.count, 0) ?? 0);
  return (
    <>
      <div className="toolbar analysis-fields">
        <ColumnField
          label="Metric"
          experimentId={experimentId}
          parts={["metrics"]}
          attributes
          value={chosen.metric}
          onChange={(id) => onState({ metric: id })}
        />
        <LogCheck id={chosen.metric} logs={chosen.logs} onState={onState} />
        <ColumnField
          label="By"
          experimentId={experimentId}
          parts={["params"]}
          value={chosen.param}
          onChange={(id) => onState({ param: id })}
        />
      </div>
      {boxes && boxes.length > 0 && (
        <>
          <Picture
            label={`Box plot of ${title} by ${paramTitle}: ${boxes.map((box) => `${box.name} median ${metricText(box.median)}`).join(", ")}`}
            name={`boxes ${title} ${paramTitle}`}
            height={HEIGHT}
            draw={draw}
          />
          <p className="soft">
            {groups?.ranges && `${paramTitle} has many values; each box is a range with about as many runs. `}
            {groups && groups.left > 0 && `${groups.left} values with the fewest runs are left out. `}
            {lost > 0 &&
              `${lost} runs aren't drawn: their ${title} is missing, NaN, infinite${log ? ", or not above zero" : ""}, or they are left out. `}
            {wantsLog && !log && `Nothing of ${title} is above zero, so its axis is linear. `}
            Boxes reach from the lower to the upper quartile with the median between, whiskers to the last
            value within 1.5 boxes; what lies beyond is a point.
          </p>
          <BoxTable boxes={boxes} param={paramTitle} />
        </>
      )}
      {!boxes && <p className="empty soft">Choose a metric, and a param to group the runs by.</p>}
      {boxes?.length === 0 && <p className="empty soft">No run has a value of {title} that can be drawn.</p>}
    </>
  );
}

function roomy(low: number, high: number, log: boolean): [number, number] {
  if (log) return low < high ? [low, high] : [low / 2, high * 2];
  const room = low < high ? (high - low) * 0.04 : Math.abs(low) / 2 || 0.5;
  return [low - room, high + room];
}

function drawBox(
  context: CanvasRenderingContext2D,
  ink: string,
  colour: string,
  box: Box,
  middle: number,
  width: number,
  scale: (value: number) => number,
): void {
  const [left, right] = [middle - width / 2, middle + width / 2];
  const [top, bottom] = [scale(box.q3), scale(box.q1)];
  line(context, ink, [middle, scale(box.low)], [middle, bottom]);
  line(context, ink, [middle, scale(box.high)], [middle, top]);
  for (const end of [box.low, box.high])
    line(context, ink, [middle - width / 5, scale(end)], [middle + width / 5, scale(end)]);
  context.fillStyle = colour;
  context.globalAlpha = 0.55;
  context.fillRect(left, top, width, Math.max(1, bottom - top));
  context.globalAlpha = 1;
  context.strokeStyle = ink;
  context.strokeRect(left, top, width, Math.max(1, bottom - top));
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(left, scale(box.median));
  context.lineTo(right, scale(box.median));
  context.stroke();
  context.fillStyle = colour;
  for (const value of box.outliers) {
    context.beginPath();
    context.arc(middle, scale(value), 3, 0, 2 * Math.PI);
    context.fill();
  }
}

function BoxTable({ boxes, param }: { boxes: readonly Box[]; param: string }) {
  return (
    <details className="values-table">
      <summary>As a table</summary>
      <section>
        <table>
          <thead>
            <tr>
              {[
                param,
                "Runs",
                "Least within",
                "Lower quartile",
                "Median",
                "Upper quartile",
                "Greatest within",
                "Outliers",
              ].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {boxes.map((box) => (
              <tr key={box.name}>
                <th scope="row">{box.name}</th>
                <td className="numeric">{box.count}</td>
                {[box.low, box.q1, box.median, box.q3, box.high].map((value, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns never change places
                  <td key={at} className="numeric">
                    {metricText(value)}
                  </td>
                ))}
                <td>{box.outliers.map((value) => metricText(value)).join(", ") || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
