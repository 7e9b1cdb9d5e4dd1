import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useShownTheme } from "@/shell/theme";
import type { Picture } from "./draw";
import type { Hover } from "./hover";
import { nearestOf } from "./nearest";
import type { XAxis } from "./state";
import { rangeAfter } from "./steps";
import { type Pointed, Tooltip } from "./Tooltip";
import { LinePlot } from "./uplot";

interface Props {
  title: string;
  picture: Picture;
  /** All there is of x. */
  ends: [number, number];
  axis: XAxis;
  /** Charts of one name share their crosshair. */
  group: string;
  hover: Hover;
  onZoom: (range: [number, number] | undefined) => void;
}

const NEAR_ENOUGH = 30; // pixels up or down, to be looked at

/** The drawn part of a chart, with what the mouse does in it. */
export default function ChartPlot({ title, picture, ends, axis, group, hover, onZoom }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<LinePlot>(undefined);
  const now = useRef({ picture, onZoom });
  const [pointed, setPointed] = useState<Pointed>();
  const theme = useShownTheme();
  const { log: logX } = picture.x;
  const { log: logY } = picture.y;
  useLayoutEffect(() => {
    now.current = { picture, onZoom };
  });
  useLayoutEffect(() => plot.current?.show(picture), [picture]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read, scales can't change their kind
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    let frame = 0;
    const drawn = new LinePlot(
      place,
      { width: place.clientWidth, height: place.clientHeight },
      now.current.picture,
      axis,
      group,
      {
        onZoom: (range) => now.current.onZoom(range),
        onBack: () => now.current.onZoom(undefined),
        onPoint: (at) => {
          cancelAnimationFrame(frame);
          frame = requestAnimationFrame(() => {
            const near = at ? nearestOf(now.current.picture, at, drawn.size) : [];
            const room = { width: place.clientWidth, height: place.clientHeight };
            const axes = place.clientWidth - drawn.size.width;
            setPointed(at && { left: at.left + axes, top: at.top, room, near });
            hover.set(near[0] && near[0].distance <= NEAR_ENOUGH ? near[0].id : undefined);
          });
        },
      },
    );
    plot.current = drawn;
    drawn.highlight(hover.id);
    const stop = hover.listen((id) => drawn.highlight(id));
    const resized = new ResizeObserver(() => drawn.resize(place.clientWidth, place.clientHeight));
    resized.observe(place);
    return () => {
      cancelAnimationFrame(frame);
      stop();
      resized.disconnect();
      drawn.destroy();
      plot.current = undefined;
    };
  }, [axis, logX, logY, theme, group, hover]);
  return (
    <div
      className="chart-plot"
      ref={box}
      role="img"
      aria-label={`${title}: + and − zoom, arrows move, 0 shows all`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a picture that keys zoom; its numbers are in a table
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const next = rangeAfter(event.key, [picture.x.low, picture.x.high], ends);
        if (next === undefined) return;
        event.preventDefault();
        onZoom(next ?? undefined);
      }}
    >
      {pointed && pointed.near.length > 0 && <Tooltip axis={axis} {...pointed} />}
    </div>
  );
}
