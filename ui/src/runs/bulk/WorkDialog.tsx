import { Dialog } from "@/parts/Dialog";
import { cellText } from "../values";
import type { Work } from "./useWork";

const MOST_NAMED = 20;

/** How far it is; and once it ended, what failed. */
export function WorkDialog({ work: { going, ended, cancel, dismiss } }: { work: Work }) {
  if (going?.shown)
    return (
      <Dialog title={going.title} onClose={cancel}>
        <progress
          className="work-progress"
          aria-label={going.title}
          value={going.total ? going.done : undefined}
          max={going.total}
        />
        <p className="soft">
          {going.done.toLocaleString("en")}
          {going.total !== undefined && ` of ${going.total.toLocaleString("en")}`}
        </p>
        <div className="actions">
          <button type="button" className="button" onClick={cancel}>
            Stop
          </button>
        </div>
      </Dialog>
    );
  if (!ended) return null;
  const { title, failures, left } = ended;
  return (
    <Dialog title={`${title}: not all of it was done`} onClose={dismiss}>
      {left > 0 && <p>{left.toLocaleString("en")} weren't begun.</p>}
      <ul className="failures">
        {failures.slice(0, MOST_NAMED).map((failure) => (
          <li key={`${failure.name} ${failure.error.message}`}>
            {failure.name && <b>{cellText(failure.name)}: </b>}
            {failure.error.message}
          </li>
        ))}
      </ul>
      {failures.length > MOST_NAMED && <p className="soft">and {failures.length - MOST_NAMED} more</p>}
      <div className="actions">
        <button type="button" className="button main" onClick={dismiss}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
