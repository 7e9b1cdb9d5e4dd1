import { useEffect, useMemo, useRef, useState } from "react";
import { colourOf } from "./colours";
import type { Hover } from "./hover";
import { type ChartRun, groupColours } from "./picture";

interface Props {
  runs: ChartRun[];
  /** Runs of a group are one line. */
  bands: boolean;
  hidden: ReadonlySet<string>;
  hover: Hover;
  onHidden: (ids: string[] | undefined) => void;
}

const FEW = 12;

/** The lines with their colours, once for all charts. A press hides a line, with Shift all others. */
export function Legend({ runs, bands, hidden, hover, onHidden }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(
    () =>
      hover.listen((id) => {
        for (const item of list.current?.children ?? [])
          item.classList.toggle("marked", item instanceof HTMLElement && item.dataset.line === id);
      }),
    [hover],
  );
  const lines = useMemo(() => linesOf(runs, bands), [runs, bands]);
  const isShown = (line: LegendLine) => line.runIds.some((each) => !hidden.has(each));
  const press = (line: LegendLine, alone: boolean) => {
    const mine = new Set(line.runIds);
    const others = runs.map((run) => run.runId).filter((each) => !mine.has(each));
    const isAlone = isShown(line) && others.every((each) => hidden.has(each));
    if (alone) onHidden(isAlone ? undefined : others);
    else if (isShown(line)) onHidden([...new Set([...hidden, ...mine])]);
    else onHidden([...hidden].filter((each) => !mine.has(each)));
  };
  return (
    <div className="chart-legend">
      <ul ref={list} className={open || lines.length <= FEW ? undefined : "short"} aria-label="Runs">
        {lines.map((line) => (
          <li key={line.id} data-line={line.id}>
            <button
              type="button"
              className="chart-button"
              aria-pressed={isShown(line)}
              title={`${line.name}: hide or show; with Shift, only this one`}
              onClick={(event) => press(line, event.shiftKey)}
              onMouseEnter={() => hover.set(line.id)}
              onMouseLeave={() => hover.set(undefined)}
              onFocus={() => hover.set(line.id)}
              onBlur={() => hover.set(undefined)}
            >
              <span className="dot" style={{ background: line.colour }} />
              <span className="name">{line.name}</span>
            </button>
          </li>
        ))}
      </ul>
      <span className="legend-more">
        {lines.length > FEW && (
          <button type="button" className="chart-button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Fewer" : `All ${lines.length}`}
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

interface LegendLine {
  id: string;
  name: string;
  colour: string;
  runIds: string[];
}

function linesOf(runs: ChartRun[], bands: boolean): LegendLine[] {
  const colours = groupColours(runs);
  const lines = new Map<string, LegendLine>();
  for (const { runId, name, group: ofRun } of runs) {
    const group = bands ? ofRun : undefined;
    const id = group ?? runId;
    const line = lines.get(id);
    if (line) line.runIds.push(runId);
    else {
      const colour = (group !== undefined && colours.get(group)) || colourOf(runId);
      lines.set(id, { id, name: group ?? name, colour, runIds: [runId] });
    }
  }
  return [...lines.values()];
}
