import { valueText, xText } from "./formats";
import type { Near } from "./nearest";
import type { XAxis } from "./state";

const MOST = 8;
const BESIDE = 16; // pixels between it and the mouse

export interface Pointed {
  /** Where the mouse is, and how much room there is, in pixels of the chart. */
  left: number;
  top: number;
  room: { width: number; height: number };
  near: Near[];
}

/** The runs next to the mouse, by height in the plot; the nearest is marked. */
export function Tooltip({ axis, left, top, room, near }: Pointed & { axis: XAxis }) {
  const [nearest] = near;
  const shown = near.slice(0, MOST).sort((a, b) => b.y - a.y);
  return (
    <div
      className="chart-tooltip"
      style={{
        ...(left > room.width / 2 ? { right: room.width - left + BESIDE } : { left: left + BESIDE }),
        ...(top > room.height / 2 ? { bottom: room.height - top + BESIDE } : { top: top + BESIDE }),
      }}
      aria-hidden
    >
      <p className="soft">{nearest && xText(axis, nearest.x)}</p>
      <ul>
        {shown.map((each) => (
          <li key={each.id} className={each === nearest ? "nearest" : undefined}>
            <span className="dot" style={{ background: each.colour }} />
            <span className="name">{each.name}</span>
            {each.x !== nearest?.x && <span className="soft">at {xText(axis, each.x)}</span>}
            <span className="value">{valueText(each.y)}</span>
          </li>
        ))}
      </ul>
      {near.length > MOST && <p className="soft">and {near.length - MOST} more</p>}
    </div>
  );
}
