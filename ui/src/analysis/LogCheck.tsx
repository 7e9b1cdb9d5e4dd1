import type { AnalysisState } from "./state";

/** Whether a column's axis is logarithmic, in every picture that it stands in. */
export function LogCheck({
  id,
  logs,
  onState,
}: {
  id: string | undefined;
  logs: readonly string[];
  onState: (next: Partial<AnalysisState>) => void;
}) {
  if (!id) return null;
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={logs.includes(id)}
        onChange={(event) => {
          onState({ logs: event.target.checked ? [...logs, id] : logs.filter((each) => each !== id) });
        }}
      />
      log
    </label>
  );
}
