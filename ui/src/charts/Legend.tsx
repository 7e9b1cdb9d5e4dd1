import { useEffect, useRef, useState } from "react";
import { colourOf } from "./colours";
import type { Hover } from "./hover";
import type { ChartRun } from "./picture";

interface Props {
  runs: ChartRun[];
  hidden: ReadonlySet<string>;
  hover: Hover;
  onHidden: (ids: string[] | undefined) => void;
}

const FEW = 12;

/** The runs with their colours, once for all charts. A press hides a run's lines, with Shift all others'. */
export function Legend({ runs, hidden, hover, onHidden }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(
    () =>
      hover.listen((id) => {
        for (const item of list.current?.children ?? [])
          item.classList.toggle("marked", item instanceof HTMLElement && item.dataset.run === id);
      }),
    [hover],
  );
  const press = (id: string, alone: boolean) => {
    const others = runs.map((run) => run.runId).filter((each) => each !== id);
    const isAlone = !hidden.has(id) && others.every((each) => hidden.has(each));
    if (alone) onHidden(isAlone ? undefined : others);
    else onHidden(hidden.has(id) ? [...hidden].filter((each) => each !== id) : [...hidden, id]);
  };
  return (
    <div className="chart-legend">
      <ul ref={list} className={open ? undefined : "short"} aria-label="Runs">
        {runs.map((run) => (
          <li key={run.runId} data-run={run.runId}>
            <button
              type="button"
              className="chart-button"
              aria-pressed={!hidden.has(run.runId)}
              title={`${run.name}: hide or show; with Shift, only this one`}
              onClick={(event) => press(run.runId, event.shiftKey)}
              onMouseEnter={() => hover.set(run.runId)}
              onMouseLeave={() => hover.set(undefined)}
              onFocus={() => hover.set(run.runId)}
              onBlur={() => hover.set(undefined)}
            >
              <span className="dot" style={{ background: colourOf(run.runId) }} />
              <span className="name">{run.name}</span>
            </button>
          </li>
        ))}
      </ul>
      <span className="legend-more">
        {runs.length > FEW && (
          <button type="button" className="chart-button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Fewer" : `All ${runs.length} runs`}
          </button>
        )}
        {hidden.size > 0 && (
          <button type="button" className="chart-button" onClick={() => onHidden(undefined)}>
            Show all lines
          </button>
        )}
      </span>
    </div>
  );
}
