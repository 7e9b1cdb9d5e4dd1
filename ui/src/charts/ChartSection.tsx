import { useRef } from "react";
import { Chart, type Shared } from "./Chart";
import type { Section } from "./sections";
import type { ChartState } from "./state";
import { useNear } from "./useNear";

interface Props {
  section: Section;
  columns: number;
  zoom: ChartState["zoom"];
  closed: boolean;
  onClosed: (closed: boolean) => void;
  shared: Shared;
}

export function ChartSection({ section, columns, zoom, closed, onClosed, shared }: Props) {
  const rows: string[][] = [];
  for (let at = 0; at < section.keys.length; at += columns) rows.push(section.keys.slice(at, at + columns));
  return (
    <section className="chart-section" aria-label={section.title}>
      <h2>
        <button
          type="button"
          className="chart-button"
          aria-expanded={!closed}
          onClick={() => onClosed(!closed)}
        >
          <span aria-hidden>{closed ? "▸" : "▾"}</span>
          {section.title}
          <span className="soft">{section.keys.length}</span>
        </button>
      </h2>
      {!closed &&
        rows.map((keys) => <Row key={keys[0]} keys={keys} columns={columns} zoom={zoom} shared={shared} />)}
    </section>
  );
}

/** Keeps its room when it is far from the screen. */
function Row({
  keys,
  columns,
  zoom,
  shared,
}: {
  keys: string[];
  columns: number;
  zoom: ChartState["zoom"];
  shared: Shared;
}) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place);
  return (
    <div
      ref={place}
      className="chart-row"
      style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
    >
      {near && keys.map((key) => <Chart key={key} chartKey={key} zoom={zoom?.[key]} shared={shared} />)}
    </div>
  );
}
