import { useState } from "react";
import { Scrolled } from "../Scrolled";
import type { PreviewProps } from "./index";

const STEPS = [0.25, 0.5, 1, 2, 4, 8];

/** A picture as wide as there is room, or at its own size and multiples of it. SVG is a picture too: an image runs no script. */
export default function ImagePreview({ url, path }: PreviewProps) {
  const [zoom, setZoom] = useState<number>();
  const [natural, setNatural] = useState<{ width: number; height: number }>();
  const [broken, setBroken] = useState(false);
  if (broken) return <p className="soft">The file can't be shown as a picture. It may be cut short.</p>;
  const step = (by: number) => {
    const at = STEPS.indexOf(zoom ?? 1) + by;
    setZoom(STEPS[Math.max(0, Math.min(STEPS.length - 1, at))]);
  };
  return (
    <>
      <div className="picture-bar">
        <button
          type="button"
          className="button small"
          aria-pressed={zoom === undefined}
          onClick={() => setZoom(undefined)}
        >
          Fit
        </button>
        <button type="button" className="button small" aria-label="Smaller" onClick={() => step(-1)}>
          −
        </button>
        <button type="button" className="button small" aria-label="Larger" onClick={() => step(1)}>
          +
        </button>
        <span className="soft">
          {zoom !== undefined && `${zoom * 100} % `}
          {natural && `${natural.width} × ${natural.height}`}
        </span>
      </div>
      <Scrolled className="picture" label="Picture">
        <img
          src={url}
          alt={path}
          className={zoom === undefined ? "fit" : zoom >= 2 ? "exact" : ""}
          width={zoom && natural ? natural.width * zoom : undefined}
          onLoad={(event) =>
            setNatural({
              width: event.currentTarget.naturalWidth,
              height: event.currentTarget.naturalHeight,
            })
          }
          onError={() => setBroken(true)}
        />
      </Scrolled>
    </>
  );
}
