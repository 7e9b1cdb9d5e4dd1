import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useShownTheme } from "@/shell/theme";
import type { Series } from "./packed";
import { joined, lineOf } from "./points";

const HEIGHT = 220;
const COLOURS = ["#0b8d96", "#d1495b", "#edae49", "#5a67d8", "#2f9e44", "#9c36b5", "#e8590c", "#1971c2"];

/** Lines over steps. Dragging zooms, a double click goes back. */
export default function Plot({ title, series }: { title: string; series: Series[] }) {
  const place = useRef<HTMLDivElement>(null);
  const theme = useShownTheme();
  const data = useMemo(() => joined(series.map(lineOf)), [series]);
  useEffect(() => {
    const box = place.current;
    if (!box) return;
    void theme; // its colours are read below
    const style = getComputedStyle(document.documentElement);
    const axis = {
      stroke: style.getPropertyValue("--text-soft"),
      grid: { stroke: style.getPropertyValue("--line"), width: 1 },
      ticks: { stroke: style.getPropertyValue("--line"), width: 1 },
    };
    const plot = new uPlot(
      {
        width: box.clientWidth,
        height: HEIGHT,
        scales: { x: { time: false } },
        axes: [axis, { ...axis, size: 60 }],
        series: [
          { label: "step" },
          ...series.map((each, i) => ({
            label: each.runId.slice(0, 8),
            stroke: COLOURS[i % COLOURS.length],
            width: 1.5,
            points: { show: data[0].length < 40 },
          })),
        ],
        legend: { show: series.length > 1 },
      },
      data as uPlot.AlignedData,
      box,
    );
    const resized = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT }));
    resized.observe(box);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [data, series, theme]);
  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} />
    </figure>
  );
}
