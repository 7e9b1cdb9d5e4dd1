/** Axes, the crosshair that all charts of a grid share, and the choice of a range, by uPlot; lines are drawn by draw.ts. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { drawHighlight, drawPicture, type Frame, type Picture } from "./draw";
import { valueText } from "./formats";
import type { Scale } from "./scales";
import type { XAxis } from "./state";
import { DURATIONS, logLabels, logPlaces, shortDuration, TIMES } from "./ticks";
import { LEAST_DRAG, listenToFinger } from "./touch";

export interface Handlers {
  onZoom: (range: [number, number]) => void;
  onBack: () => void;
  /** Where the mouse is in the plot, in pixels of the page; undefined: not there. */
  onPoint: (at: { left: number; top: number } | undefined) => void;
}

const FONT = "11px system-ui, sans-serif";
const Y_AXIS = 54;
export class LinePlot {
  private readonly plot: uPlot;
  private readonly front = document.createElement("canvas");
  private highlighted: string | undefined;

  constructor(
    box: HTMLElement,
    size: { width: number; height: number },
    private picture: Picture,
    axis: XAxis,
    group: string | undefined,
    private readonly handlers: Handlers,
  ) {
    const colour = (name: string) => () =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const grid = { stroke: colour("--line"), width: 1 };
    const lines: Partial<uPlot.Axis> = {
      stroke: colour("--text-soft"),
      font: FONT,
      grid,
      ticks: { ...grid, size: 4 },
    };
    this.plot = new uPlot(
      {
        ...size,
        ms: 1,
        pxAlign: false,
        legend: { show: false },
        padding: [8, 14, 0, 0],
        scales: {
          x: {
            time: axis === "time",
            distr: picture.x.log ? 3 : 1,
            range: () => [this.picture.x.low, this.picture.x.high],
          },
          y: {
            distr: picture.y.log ? 3 : 1,
            range: () => [this.picture.y.low, this.picture.y.high],
          },
        },
        axes: [
          { ...lines, ...ticksOf(picture.x, axis, grid), size: axis === "time" ? 44 : 30 },
          { ...lines, ...ticksOf(picture.y, "value", grid), size: Y_AXIS, space: 40 },
        ],
        series: [{}, { show: true, paths: () => null, points: { show: false } }],
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false, setScale: false },
          bind: {
            dblclick: () => () => {
              handlers.onBack();
              return null;
            },
          },
          sync:
            group === undefined
              ? undefined
              : {
                  key: group,
                  setSeries: false,
                  scales: ["x", null],
                  filters: { pub: (type) => type === "mousemove" || type === "mouseleave" },
                },
        },
        hooks: {
          draw: [() => this.paint()],
          setSelect: [(plot) => this.chosen(plot)],
        },
      },
      this.edges(),
      box,
    );
    this.front.className = "chart-front";
    this.plot.over.prepend(this.front);
    this.plot.over.addEventListener("mousemove", this.moved);
    this.plot.over.addEventListener("mouseleave", this.left);
    listenToFinger(this.plot.over, {
      onDrag: (from, to) => this.select(Math.min(from, to), Math.abs(to - from)),
      onDragged: () => this.chosen(this.plot),
      onCancel: () => this.select(0, 0),
      onTwice: handlers.onBack,
    });
    this.paintFront();
  }

  get canvas(): HTMLCanvasElement {
    return this.plot.ctx.canvas;
  }

  show(picture: Picture): void {
    this.picture = picture;
    this.plot.setData(this.edges());
    this.paintFront();
  }

  resize(width: number, height: number): void {
    if (width === this.plot.width && height === this.plot.height) return;
    this.plot.setSize({ width, height });
    this.paintFront();
  }

  highlight(id: string | undefined): void {
    if (id === this.highlighted) return;
    this.highlighted = id;
    this.paintFront();
  }

  /** Of the plot without its axes, in pixels of the page. */
  get size(): { width: number; height: number } {
    return { width: this.plot.over.clientWidth, height: this.plot.over.clientHeight };
  }

  destroy(): void {
    this.plot.destroy();
  }

  private readonly moved = (event: MouseEvent): void => {
    const place = this.plot.over.getBoundingClientRect();
    this.handlers.onPoint({ left: event.clientX - place.left, top: event.clientY - place.top });
  };

  private readonly left = (): void => this.handlers.onPoint(undefined);

  private edges(): uPlot.AlignedData {
    return [
      [this.picture.x.low, this.picture.x.high],
      [this.picture.y.low, this.picture.y.high],
    ];
  }

  private chosen(plot: uPlot): void {
    const { left, width } = plot.select;
    this.select(0, 0);
    if (width < LEAST_DRAG) return;
    this.handlers.onZoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  }

  private select(left: number, width: number): void {
    this.plot.setSelect({ left, top: 0, width, height: width && this.plot.over.clientHeight }, false);
  }

  private paint(): void {
    const { left, top, width, height } = this.plot.bbox;
    drawPicture(this.plot.ctx, this.picture, { left, top, width, height, ratio: uPlot.pxRatio });
  }

  /** What is highlighted lies above the plot, so that the hundred other lines aren't drawn again; else nothing does. */
  private paintFront(): void {
    this.front.hidden = this.highlighted === undefined;
    if (this.highlighted === undefined) return;
    const { width, height } = this.plot.bbox;
    const frame: Frame = { left: 0, top: 0, width, height, ratio: uPlot.pxRatio };
    this.front.width = Math.round(width);
    this.front.height = Math.round(height);
    const context = this.front.getContext("2d");
    if (!context) return;
    const veil = getComputedStyle(document.documentElement).getPropertyValue("--surface");
    drawHighlight(context, this.picture, frame, this.highlighted, veil);
  }
}

type Values = (plot: uPlot, places: (number | null)[]) => string[];

function ticksOf(scale: Scale, kind: XAxis | "value", grid: uPlot.Axis.Grid): Partial<uPlot.Axis> {
  const named =
    (text: (place: number) => string): Values =>
    (_, places) =>
      places.map((place) => (place === null ? "" : text(place)));
  const values =
    kind === "time" ? (TIMES as uPlot.Axis.Values) : named(kind === "relative" ? shortDuration : valueText);
  if (scale.log)
    return {
      splits: (_, __, low, high) => logPlaces(low, high),
      filter: (_, places) => logLabels(places),
      grid: { ...grid, filter: (_, places) => logLabels(places) },
      values,
    };
  return kind === "relative" ? { incrs: DURATIONS, values } : { values };
}
