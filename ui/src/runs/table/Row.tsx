import { memo } from "react";
import { colourOf } from "@/charts/colours";
import { fieldOfId } from "../branches";
import type { HeadLine, Line, MoreLine, RunLine } from "../lines";
import { cellText, idOf, nameOf } from "../values";
import { cellContent, groupContent } from "./Cell";
import type { Layout, Placed } from "./useColumns";

export const ROW_PX = 32;
/** The cell that the keyboard is at; there is one. */
export const ACTIVE_ID = "runs-active-cell";

interface Props {
  line: Line;
  at: number;
  top: number;
  layout: Layout;
  /** Of the columns that scroll, those that are on the screen. */
  cells: Placed[];
  width: number;
  selected: boolean;
  /** Index of the cell that the keyboard is at, the name being 0. */
  active: number | null;
  /** The name of the parent of a run that stands for itself. */
  parentName?: string;
  /** Its colour in the charts is shown. */
  dot: boolean;
  /** Changes each minute, for "5 minutes ago". */
  minute: number;
}

/** Everything that a row hears is heard by the table around it: a handler for each cell would be made at each scroll. */
export const Row = memo(function Row(props: Props) {
  const { line, at, top, layout, cells, width, selected, active } = props;
  const opens = line.kind !== "more" && line.branch !== undefined;
  return (
    <div
      role="row"
      data-at={at}
      aria-rowindex={at + 2}
      aria-level={line.level}
      aria-expanded={opens ? line.open : undefined}
      aria-selected={line.kind === "run" ? selected : undefined}
      className="grid-row"
      data-kind={line.kind}
      style={{ transform: `translateY(${top}px)`, width }}
    >
      <div className="grid-start" style={{ width: layout.startWidth }}>
        {layout.start.map((placed, index) =>
          index === 0 ? (
            <div
              key={placed.column.id}
              role="rowheader"
              id={active === 0 ? ACTIVE_ID : undefined}
              className={active === 0 ? "grid-name at-cursor" : "grid-name"}
              style={{ width: placed.width, paddingLeft: 8 + (line.level - 1) * 18 }}
            >
              <Name {...props} />
            </div>
          ) : (
            <Cell key={placed.column.id} line={line} placed={placed} offset={0} active={active === index} />
          ),
        )}
      </div>
      {cells.map((placed) => (
        <Cell
          key={placed.column.id}
          line={line}
          placed={placed}
          offset={layout.startWidth}
          active={active !== null && layout.center[active - layout.start.length] === placed}
        />
      ))}
    </div>
  );
});

function Cell({
  line,
  placed: { column, left, width },
  offset,
  active,
}: {
  line: Line;
  placed: Placed;
  offset: number;
  active: boolean;
}) {
  return (
    <div
      role="gridcell"
      id={active ? ACTIVE_ID : undefined}
      data-column={column.id}
      className={`run-cell${column.numeric ? " numeric" : ""}${active ? " at-cursor" : ""}`}
      style={{ left: offset + left, width }}
    >
      {line.kind === "run" && cellContent(line.run, column)}
      {line.kind === "group" && groupContent(line.group, column)}
    </div>
  );
}

function Name({ line, selected, parentName, dot }: Props) {
  if (line.kind === "more") return <More line={line} />;
  if (line.kind !== "run") return <Head line={line} parentName={parentName} />;
  const { run } = line;
  const name = nameOf(run);
  return (
    <>
      <input
        type="checkbox"
        tabIndex={-1}
        data-act="select"
        aria-label={`Select ${cellText(name)}`}
        checked={selected}
        readOnly
      />
      <Opener line={line} />
      {dot && <span className="run-dot" style={{ background: colourOf(idOf(run)) }} aria-hidden="true" />}
      {line.under !== undefined && (
        <a
          className="crumb-of"
          tabIndex={-1}
          data-act="parent"
          href={runHref(run.info.experiment_id ?? "", line.under)}
        >
          {cellText(parentName ?? line.under.slice(0, 8))}
          <span aria-hidden="true"> › </span>
        </a>
      )}
      <a
        className="run-link"
        tabIndex={-1}
        data-act="run"
        href={runHref(run.info.experiment_id ?? "", idOf(run))}
      >
        {cellText(name)}
      </a>
      {line.children > 0 && <span className="row-count">{line.children.toLocaleString("en")}</span>}
    </>
  );
}

function Opener({ line }: { line: RunLine | HeadLine }) {
  if (!line.branch || (line.kind !== "run" && line.closed)) return <span className="opener" />;
  return (
    <button
      type="button"
      tabIndex={-1}
      className="opener"
      data-act="open"
      aria-label={line.open ? "Close" : "Open"}
      aria-expanded={line.open}
    >
      {line.open ? "▾" : "▸"}
    </button>
  );
}

function Head({ line, parentName }: { line: HeadLine; parentName: string | undefined }) {
  const { branch } = line;
  return (
    <>
      <Opener line={line} />
      {branch.kind === "children" ? (
        <span className="group-name soft">
          {parentName === undefined ? "A parent that isn't here" : `${cellText(parentName)} (deleted)`}
        </span>
      ) : (
        <span className="group-name">
          {branch.keys.map((key, at) => (
            <span key={key}>
              {at > 0 && ", "}
              <span className="soft">{fieldOfId(key).replace(/^\w+\./, "")} </span>
              {branch.values[at] === null || branch.values[at] === undefined ? (
                <i className="soft">not set</i>
              ) : (
                cellText(branch.values[at] ?? "") || <i className="soft">empty</i>
              )}
            </span>
          ))}
        </span>
      )}
      <span className="row-count">{line.count.toLocaleString("en")}</span>
    </>
  );
}

function More({ line }: { line: MoreLine }) {
  if (line.loading) return <span className="soft">Loading…</span>;
  return (
    <>
      {line.error && <span className="field-problem">{line.error.message}</span>}
      <button type="button" tabIndex={-1} className="quiet" data-act="more">
        {line.error ? "Try again" : "Show more"}
      </button>
    </>
  );
}

/** Below the page's <base>, as every address of the page. */
export const runHref = (experimentId: string, runId: string): string =>
  `./experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`;
