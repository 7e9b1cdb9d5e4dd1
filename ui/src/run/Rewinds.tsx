import type { RewindMessage } from "@/api/endpoints";
import { ago, exactTime } from "@/parts/times";

/** A run that was resumed from a checkpoint: what came after it then is hidden, not lost. */
export function Rewinds({ rewinds }: { rewinds: RewindMessage[] }) {
  if (rewinds.length === 0) return null;
  return (
    <section className="side-part" aria-label="Rewinds">
      <h2>Rewinds</h2>
      <ul>
        {rewinds.map((rewind) => (
          <li key={rewind.rewind_id} title={exactTime(rewind.rewound_ms)}>
            to step {rewind.step.toLocaleString("en")}{" "}
            <span className="soft">
              {hidden(rewind)}
              {rewind.who && `, by ${rewind.who}`}, {ago(rewind.rewound_ms)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function hidden({ points = {} }: RewindMessage): string {
  const keys = Object.keys(points);
  const count = Object.values(points).reduce((sum, each) => sum + each, 0);
  const of = keys.length === 1 ? keys[0] : `${keys.length} metrics`;
  return count === 0 ? "nothing was hidden" : `${count.toLocaleString("en")} points of ${of} were hidden`;
}
