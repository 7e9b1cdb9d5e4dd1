import type { AnalysisState } from "./state";

/** Whether a column's axis is logarithmic, in every picture that it stands in. */
export function LogCheck({
  id,
  label = "log",
  state,
  onState,
}: {
  id: string | undefined;
  label?: string;
  state: AnalysisState;
  onState: (next: Partial<AnalysisState>) => void;
}) {
  if (!id) return null;
  const logs = state.logs ?? [];
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={logs.includes(id)}
        onChange={(event) => {
          const next = event.target.checked ? [...logs, id] : logs.filter((each) => each !== id);
          onState({ logs: next.length > 0 ? next : undefined });
        }}
      />
      {label}
    </label>
  );
}
