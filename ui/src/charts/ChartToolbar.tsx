import { useState } from "react";
import { Popup } from "@/parts/Popup";
import { X_NAMES } from "./formats";
import { patternProblem } from "./sections";
import { type ChartState, MOST_COLUMNS, MOST_SMOOTH, type XAxis } from "./state";

interface Props {
  state: ChartState;
  change: (part: Partial<ChartState>) => void;
  /** Why the search can't be read. */
  problem?: string;
  /** Runs belong to groups. */
  groups: boolean;
}

const COLUMNS = Array.from({ length: MOST_COLUMNS }, (_, i) => i + 1);

/** How all charts are drawn. */
export function ChartToolbar({ state, change, problem, groups }: Props) {
  return (
    <div className="chart-toolbar" role="toolbar" aria-label="Charts">
      <div className="find">
        <input
          className="field"
          type="search"
          placeholder="Find metrics: text or /regex/"
          aria-label="Find metrics by name"
          aria-invalid={problem !== undefined}
          value={state.search ?? ""}
          onChange={(event) => change({ search: event.target.value || undefined })}
        />
        {problem && <p className="field-problem">{problem}</p>}
      </div>
      <label className="check">
        X axis
        <select
          value={state.x ?? "step"}
          onChange={(event) => {
            const x = event.target.value as XAxis;
            change({ x: x === "step" ? undefined : x, zoom: undefined });
          }}
        >
          {Object.entries(X_NAMES).map(([axis, name]) => (
            <option key={axis} value={axis}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Smoothing value={state.smooth ?? 0} onChange={(smooth) => change({ smooth: smooth || undefined })} />
      <Check label="Log x" on={state.logX} onChange={(logX) => change({ logX })} />
      <Check label="Log y" on={state.logY} onChange={(logY) => change({ logY })} />
      <Check label="Clip outliers" on={state.clip} onChange={(clip) => change({ clip })} />
      {groups && <Check label="Groups as bands" on={state.bands} onChange={(bands) => change({ bands })} />}
      <Popup label="Layout">
        {() => (
          <>
            <label className="labelled">
              <span>Charts beside each other</span>
              <select
                value={state.columns ?? ""}
                onChange={(event) => change({ columns: Number(event.target.value) || undefined })}
              >
                <option value="">As many as fit</option>
                {COLUMNS.map((count) => (
                  <option key={count}>{count}</option>
                ))}
              </select>
            </label>
            <SectionPatterns patterns={state.sections ?? []} onChange={(sections) => change({ sections })} />
          </>
        )}
      </Popup>
    </div>
  );
}

function Check({
  label,
  on,
  onChange,
}: {
  label: string;
  on: boolean | undefined;
  onChange: (on: true | undefined) => void;
}) {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={on ?? false}
        onChange={(event) => onChange(event.target.checked || undefined)}
      />
      {label}
    </label>
  );
}

function Smoothing({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  return (
    <label
      className="check smoothing"
      title="Exponential moving average as TensorBoard's: debiased, weighed by the distance of the points"
    >
      Smoothing
      <input
        type="range"
        min={0}
        max={MOST_SMOOTH}
        step={0.01}
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <output>{value.toFixed(2)}</output>
    </label>
  );
}

/** Read when one leaves the field: half an expression would move all charts about. */
function SectionPatterns({
  patterns,
  onChange,
}: {
  patterns: string[];
  onChange: (patterns: string[] | undefined) => void;
}) {
  const [problem, setProblem] = useState<string>();
  const shown = patterns.join("\n");
  return (
    <label className="labelled">
      <span>Sections, a regular expression a line</span>
      <textarea
        key={shown}
        className="field"
        rows={3}
        spellCheck={false}
        defaultValue={shown}
        placeholder={"loss$\n^val/"}
        onBlur={(event) => {
          const next = event.target.value.split("\n").filter((line) => line !== "");
          const wrong = patternProblem(next);
          setProblem(wrong);
          if (!wrong) onChange(next.length > 0 ? next : undefined);
        }}
      />
      {problem && <span className="field-problem">{problem}</span>}
    </label>
  );
}
