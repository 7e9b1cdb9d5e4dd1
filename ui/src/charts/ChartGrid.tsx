import { useCallback, useDeferredValue, useEffect, useId, useMemo, useRef, useState } from "react";
import { useChanges } from "@/live/useChanges";
import type { Shared } from "./Chart";
import { ChartData } from "./ChartData";
import { ChartSection } from "./ChartSection";
import { ChartToolbar } from "./ChartToolbar";
import { Hover } from "./hover";
import { Large } from "./Large";
import { Legend } from "./Legend";
import type { ChartRun, Look } from "./picture";
import { matching, sectionsOf } from "./sections";
import { type ChartState, chartState } from "./state";
import { fetchChart } from "./useLoaded";
import { useWidth } from "./useWidth";
import "@/parts/controls.css";
import "./charts.css";

export type { ChartRun };

interface Props {
  runs: ChartRun[];
  keys: string[];
  state: ChartState;
  onState: (next: ChartState) => void;
  /** Experiments whose runs may still log. */
  live: string[];
}

const LEAST_WIDTH = 380;
const GAP = 12;
const NOTHING: ReadonlySet<string> = new Set();

/** Charts of metrics: a section by prefix, a line for each run. Only those near the screen are fetched and drawn. */
export function ChartGrid({ runs: given, keys, state, onState, live }: Props) {
  const runs = useSame(given, sameRuns);
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const [data] = useState(() => new ChartData(fetchChart));
  const [hover] = useState(() => new Hover());
  const group = useId();
  useChanges(
    live,
    useCallback((runIds) => data.changed(runIds), [data]),
    useCallback((runIds: string[]) => data.rewound(runIds), [data]),
  );
  const now = useRef({ state, onState });
  useEffect(() => {
    now.current = { state, onState };
  });
  const change = useCallback((part: Partial<ChartState>) => {
    now.current.onState(chartState({ ...now.current.state, ...part }));
  }, []);
  const { x, logX, logY, smooth, clip, bands } = state;
  const look: Look = useMemo(
    () => ({ x, logX, logY, smooth, clip, bands }),
    [x, logX, logY, smooth, clip, bands],
  );
  const slow = useDeferredValue(look);
  const hidden = useMemo(() => (state.hidden ? new Set(state.hidden) : NOTHING), [state.hidden]);
  const shared: Shared = useMemo(
    () => ({
      runs,
      hidden,
      look: slow,
      data,
      hover,
      group,
      onZoom: (key, range) => {
        const { [key]: _, ...others } = now.current.state.zoom ?? {};
        change({ zoom: range ? { ...others, [key]: range } : others });
      },
      onLarge: (large) => change({ large }),
    }),
    [runs, hidden, slow, data, hover, group, change],
  );
  const found = useMemo(() => matching(keys, state.search ?? ""), [keys, state.search]);
  const sections = useMemo(() => sectionsOf(found.keys, state.sections), [found.keys, state.sections]);
  const fitting = Math.max(1, Math.floor((width + GAP) / (LEAST_WIDTH + GAP)));
  const columns = Math.min(state.columns ?? fitting, Math.max(1, fitting + 1));
  const legend = (
    <Legend
      runs={runs}
      hidden={hidden}
      hover={hover}
      bands={bands === true}
      onHidden={(ids) => change({ hidden: ids?.length ? ids : undefined })}
    />
  );
  return (
    <div className="chart-grid" ref={place}>
      <ChartToolbar
        state={state}
        change={change}
        problem={found.problem}
        groups={runs.some((run) => run.group !== undefined)}
      />
      {legend}
      {width > 0 &&
        sections.map((section) => (
          <ChartSection
            key={section.title}
            section={section}
            columns={columns}
            zoom={state.zoom}
            closed={state.closed?.includes(section.title) ?? false}
            onClosed={(closed) => {
              const others = (now.current.state.closed ?? []).filter((title) => title !== section.title);
              change({ closed: closed ? [...others, section.title] : others });
            }}
            shared={shared}
          />
        ))}
      {found.keys.length === 0 && (
        <p className="empty soft">
          {keys.length === 0 ? "These runs have no metrics yet." : "No metric is called like that."}
        </p>
      )}
      {state.large !== undefined && (
        <Large chartKey={state.large} zoom={state.zoom?.[state.large]} shared={shared} legend={legend} />
      )}
    </div>
  );
}

/** The former value as long as it says the same: a table that is fetched again doesn't redraw a hundred charts. */
function useSame<T>(value: T, same: (a: T, b: T) => boolean): T {
  const [kept, setKept] = useState(value);
  if (kept === value || same(kept, value)) return kept;
  setKept(value);
  return value;
}

function sameRuns(a: ChartRun[], b: ChartRun[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      return (
        one.runId === other?.runId &&
        one.name === other.name &&
        one.startTime === other.startTime &&
        one.group === other.group
      );
    })
  );
}
