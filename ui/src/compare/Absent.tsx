import type { Compared } from "./queries";

/** Which runs of the address aren't shown, and why. */
export function Absent({
  compared: { deleted, unknown },
  onForget,
}: {
  compared: Compared;
  onForget: (runIds: string[]) => void;
}) {
  if (deleted.length + unknown.length === 0) return null;
  const gone = [...deleted.map((run) => run.info.run_id ?? ""), ...unknown];
  const names = deleted.map((run) => run.info.run_name || run.info.run_id);
  return (
    <div className="compare-absent" role="status">
      <span>
        {deleted.length > 0 && `Deleted: ${names.join(", ")}. `}
        {unknown.length > 0 && `Not found: ${unknown.join(", ")}.`}
      </span>
      <button type="button" className="quiet" onClick={() => onForget(gone)}>
        Leave them out
      </button>
    </div>
  );
}
