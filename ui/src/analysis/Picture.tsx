import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { useWidth } from "@/charts/useWidth";
import { download, fileName } from "@/parts/download";
import { useShownTheme } from "@/shell/theme";
import type { Draw } from "./draw";
import { paletteOf } from "./palette";

interface Props {
  /** What is seen, for those who can't. */
  label: string;
  /** Of the file that it is saved as. */
  name: string;
  height: number;
  draw: Draw;
  /** What is drawn above it and changes more often: what the pointer is at. */
  over?: Draw;
  cursor?: string;
  onMove?: (x: number, y: number, width: number, pressed: boolean) => void;
  onPress?: (x: number, y: number, width: number) => void;
  onRelease?: (x: number, y: number, width: number) => void;
  onLeave?: () => void;
  /** Lies above the picture. */
  children?: ReactNode;
}

const EXPORT_SCALE = 2;

/** A drawing that fits its place and the theme, and can be taken along as PNG. */
export function Picture({
  label,
  name,
  height,
  draw,
  over,
  cursor,
  onMove,
  onPress,
  onRelease,
  onLeave,
  children,
}: Props) {
  const place = useRef<HTMLDivElement>(null);
  const below = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const width = useWidth(place);
  const theme = useShownTheme();
  useDrawing(below, width, height, theme, draw);
  useDrawing(above, width, height, theme, over);
  const at = (event: React.PointerEvent): [number, number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top, width];
  };
  const take = () => {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    if (!context) return;
    canvas.width = width * EXPORT_SCALE;
    canvas.height = height * EXPORT_SCALE;
    context.scale(EXPORT_SCALE, EXPORT_SCALE);
    const palette = paletteOf(theme);
    context.fillStyle = palette.surface;
    context.fillRect(0, 0, width, height);
    draw(context, { width, height, palette });
    canvas.toBlob((content) => content && download(content, fileName(name, "png")));
  };
  return (
    <figure className="picture-frame">
      <div ref={place} className="picture-place" style={{ height }}>
        <canvas ref={below} role="img" aria-label={label} />
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas takes no focus; what it shows is told elsewhere */}
        <canvas
          ref={above}
          aria-hidden="true"
          className="picture-over"
          style={{ cursor }}
          onPointerMove={(event) => onMove?.(...at(event), event.buttons === 1)}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            onPress?.(...at(event));
          }}
          onPointerUp={(event) => event.button === 0 && onRelease?.(...at(event))}
          onPointerLeave={onLeave}
          onPointerCancel={onLeave}
        />
        {children}
      </div>
      <figcaption>
        <button type="button" className="quiet" onClick={take}>
          Save as PNG
        </button>
      </figcaption>
    </figure>
  );
}

function useDrawing(
  place: RefObject<HTMLCanvasElement | null>,
  width: number,
  height: number,
  theme: string,
  draw: Draw | undefined,
): void {
  useEffect(() => {
    const canvas = place.current;
    const context = canvas?.getContext("2d");
    if (!canvas || !context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    context.scale(ratio, ratio);
    draw?.(context, { width, height, palette: paletteOf(theme) });
  }, [place, width, height, theme, draw]);
}
