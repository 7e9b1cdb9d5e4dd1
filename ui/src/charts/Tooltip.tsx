import { valueText, xText } from "./formats";
import type { Near } from "./nearest";
import type { XAxis } from "./state";

const MOST = 8;
const BESIDE = 18; // pixels between it and the mouse
const WIDTH = 260;
const AXIS = 54;

/** The runs next to the mouse, by height in the plot; the nearest is marked. */
export function Tooltip({ axis, left, top, near }: { axis: XAxis; left: number; top: number; near: Near[] }) {
  const [nearest] = near;
  const shown = near.slice(0, MOST).sort((a, b) => b.y - a.y);
  const x = left + AXIS;
  return (
    <div className="chart-tooltip" style={{ left: x + BESIDE, top: top + BESIDE, width: WIDTH }} aria-hidden>
      <p className="soft">{nearest && xText(axis, nearest.x)}</p>
      <ul>
        {shown.map((each) => (
          <li key={each.id} className={each === nearest ? "nearest" : undefined}>
            <span className="dot" style={{ background: each.colour }} />
            <span className="name">{each.name}</span>
            <span className="value">{valueText(each.y)}</span>
            {each.x !== nearest?.x && <span className="soft">{xText(axis, each.x)}</span>}
          </li>
        ))}
      </ul>
      {near.length > MOST && <p className="soft">{near.length - MOST} more</p>}
    </div>
  );
}
