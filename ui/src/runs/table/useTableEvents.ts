import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type MouseEvent, useRef } from "react";
import { type Column, columnOf } from "../columns";
import type { Line } from "../lines";
import { allFlipped, flipped, stretched } from "../selection";
import { idOf, nameOf } from "../values";
import { type Extent, keyTarget, type Place } from "./keyboard";
import type { TableActs } from "./RunsTable";
import type { Layout } from "./useColumns";

const TITLE_CHARS = 2_000;

interface Given {
  lines: Line[];
  layout: Layout;
  place: Place;
  setPlace: (place: Place) => void;
  /** Sets the place and brings it into sight. */
  goTo: (place: Place) => void;
  size: Extent;
  acts: TableActs;
  onHeaderKey: (event: KeyboardEvent, column: Column | undefined) => boolean;
}

/** What the mouse and the keys do anywhere in the table: rows hear nothing themselves, see Row.tsx. */
export function useTableEvents(given: Given) {
  const { lines, layout, place, setPlace, goTo, size, acts, onHeaderKey } = given;
  const navigate = useNavigate();
  const pressed = useRef<string | undefined>(undefined);

  const lead = (experimentId: string | undefined, runId: string) =>
    void navigate({
      to: "/experiments/$experimentId/runs/$runId",
      params: { experimentId: experimentId ?? "", runId },
    });
  const open = (line: Line | undefined) => {
    if (line?.kind === "run") lead(line.run.info.experiment_id, idOf(line.run));
  };
  const act = (line: Line | undefined) => {
    if (line?.kind === "run") open(line);
    else if (line?.kind === "more") acts.onMore(line.branch);
    else if (line && !line.closed) acts.onToggle(line.branch);
  };
  const select = (line: Line | undefined, range: boolean) => {
    if (line?.kind !== "run") return;
    const from = pressed.current;
    pressed.current = line.key;
    acts.onSelect((was) => (range ? stretched(was, lines, from, line.key) : flipped(was, idOf(line.run))));
  };

  const click = (event: MouseEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    const what = target.closest<HTMLElement>("[data-act]")?.dataset.act;
    const row = target.closest<HTMLElement>("[data-at]");
    const at = row ? Number(row.dataset.at) : -1;
    const line = lines[at];
    if (row) {
      const cell = target.closest<HTMLElement>("[data-column]")?.dataset.column;
      const column = [...layout.start, ...layout.center].findIndex((each) => each.column.id === cell);
      setPlace({ row: at, column: Math.max(0, column) });
    }
    if (what === "select-all") acts.onSelect((was) => allFlipped(was, lines));
    if (what === "select") select(line, event.shiftKey);
    if (what === "open" && line?.kind !== "more" && line?.branch) acts.onToggle(line.branch);
    if (what === "more" && line?.kind === "more") acts.onMore(line.branch);
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (what === "run" && plain) {
      event.preventDefault();
      open(line);
    }
    if (what === "parent" && plain && line?.kind === "run") {
      event.preventDefault();
      lead(line.run.info.experiment_id, line.under ?? "");
    }
  };

  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget) return;
    const line = lines[place.row];
    const column = [...layout.start, ...layout.center][place.column]?.column;
    if (onHeaderKey(event, place.row < 0 ? column : undefined)) return event.preventDefault();
    if (line && line.kind !== "more" && line.branch && place.column === 0) {
      const flips = event.key === (line.open ? "ArrowLeft" : "ArrowRight");
      if (flips && !(line.kind !== "run" && line.closed)) {
        event.preventDefault();
        return acts.onToggle(line.branch);
      }
    }
    if (event.key === "Enter") act(line);
    else if (event.key === " ") select(line, event.shiftKey);
    else if (event.key === "Escape") acts.onSelect(() => new Set());
    else if (event.key === "a" && (event.ctrlKey || event.metaKey))
      acts.onSelect((was) => allFlipped(was, lines));
    else {
      const next = event.altKey
        ? undefined
        : keyTarget(event.key, event.ctrlKey || event.metaKey, place, size);
      if (!next) return;
      if (event.shiftKey && next.row !== place.row) select(lines[next.row], false);
      goTo(next);
    }
    event.preventDefault();
  };

  /** What a cell cuts off is shown to whoever points at it; a title for every cell would be made at each scroll. */
  const point = (event: MouseEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>("[data-at]");
    const cell = target.closest<HTMLElement>(".run-cell, .run-link");
    const line = row && lines[Number(row.dataset.at)];
    if (!cell || line?.kind !== "run") return;
    const column = columnOf(cell.dataset.column ?? "");
    cell.title = (column ? column.full(line.run) : nameOf(line.run)).slice(0, TITLE_CHARS);
  };

  return { click, press, point };
}
