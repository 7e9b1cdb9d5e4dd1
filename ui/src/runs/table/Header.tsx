import { type DragEvent, memo, useState } from "react";
import { Menu, type MenuItem } from "@/parts/Menu";
import type { Side } from "../columnMoves";
import { type Column, type Direction, directionOf, NAME } from "../columns";
import { ACTIVE_ID } from "./Row";
import type { Placed } from "./useColumns";

const DRAGGED = "application/x-headrace-column";
const ARROWS: Record<Direction, string> = { ascending: "↑", descending: "↓", none: "" };

export interface HeaderActs {
  onSort: (column: Column, order: string) => void;
  onPress: (column: Column) => void;
  onMove: (id: string, target: string, side: Side) => void;
  onStep: (id: string, step: -1 | 1) => void;
  onPin: (id: string) => void;
  onFit: (column: Column) => void;
  onHide: (id: string) => void;
  onGroup: (id: string) => void;
  startResize: (id: string, event: unknown) => void;
}

interface Props {
  placed: Placed;
  offset: number;
  order: string;
  pinned: boolean;
  active: boolean;
  /** Of the name's column: every run that is loaded is selected. */
  all?: boolean;
  acts: HeaderActs;
}

/** A column's name: pressed to sort, dragged to move, its edge dragged for the width, and a menu that has all of it. */
export const Header = memo(function Header({
  placed,
  offset,
  order,
  pinned,
  active,
  all = false,
  acts,
}: Props) {
  const { column, left, width } = placed;
  const [side, setSide] = useState<Side | null>(null);
  const direction = directionOf(order, column);
  const isName = column.id === NAME;

  const over = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes(DRAGGED)) return;
    event.preventDefault();
    const box = event.currentTarget.getBoundingClientRect();
    setSide(isName || event.clientX > box.left + box.width / 2 ? "after" : "before");
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setSide(null);
    acts.onMove(event.dataTransfer.getData(DRAGGED), column.id, side ?? "after");
  };
  const title = column.part === "attributes" ? column.title : `${column.part}.${column.key}`;
  return (
    <div
      role="columnheader"
      id={active ? ACTIVE_ID : undefined}
      data-column={column.id}
      className={`head-cell${column.numeric ? " numeric" : ""}${active ? " at-cursor" : ""}${side ? ` drop-${side}` : ""}`}
      style={{ left: offset + left, width }}
      aria-sort={column.order ? direction : undefined}
      draggable={!isName}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED, column.id);
        event.dataTransfer.effectAllowed = "move";
      }}
      onDragOver={over}
      onDragLeave={() => setSide(null)}
      onDrop={drop}
    >
      {isName && (
        <input
          type="checkbox"
          tabIndex={-1}
          data-act="select-all"
          aria-label="Select all loaded runs"
          checked={all}
          readOnly
        />
      )}
      {column.order ? (
        <button
          type="button"
          tabIndex={-1}
          className="head-title"
          title={title.slice(0, 300)}
          onClick={() => acts.onPress(column)}
        >
          <span>{column.title.slice(0, 100)}</span>
          <span aria-hidden="true">{ARROWS[direction]}</span>
        </button>
      ) : (
        <span className="head-title" title={title.slice(0, 300)}>
          <span>{column.title}</span>
        </span>
      )}
      <Menu
        label={`Column ${column.title.slice(0, 100)}`}
        button={<span aria-hidden="true">⋮</span>}
        className="head-menu"
        items={items(column, direction, pinned, acts)}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the menu and Shift with arrows do the same by keys */}
      <div
        className="resizer"
        onMouseDown={(event) => {
          // Or the browser would begin to drag the whole header.
          event.preventDefault();
          acts.startResize(column.id, event);
        }}
        onTouchStart={(event) => acts.startResize(column.id, event)}
        onDoubleClick={() => acts.onFit(column)}
      />
    </div>
  );
});

function items(column: Column, direction: Direction, pinned: boolean, acts: HeaderActs): (MenuItem | "-")[] {
  const { order, id } = column;
  const sort: (MenuItem | "-")[] = order
    ? [
        {
          title: "Highest first",
          act: () => acts.onSort(column, `${order} DESC`),
          disabled: direction === "descending",
        },
        {
          title: "Lowest first",
          act: () => acts.onSort(column, `${order} ASC`),
          disabled: direction === "ascending",
        },
        { title: "Don't sort by it", act: () => acts.onSort(column, ""), disabled: direction === "none" },
        "-",
      ]
    : [];
  const fit: MenuItem = { title: "Fit to what is in it", act: () => acts.onFit(column) };
  if (id === NAME) return [...sort, fit];
  return [
    ...sort,
    { title: pinned ? "Unpin" : "Pin to the left", act: () => acts.onPin(id), hint: "P" },
    { title: "Move left", act: () => acts.onStep(id, -1), hint: "Alt ←" },
    { title: "Move right", act: () => acts.onStep(id, 1), hint: "Alt →" },
    fit,
    ...(column.part === "params" || column.part === "tags"
      ? (["-", { title: "Group by it", act: () => acts.onGroup(id) }] satisfies (MenuItem | "-")[])
      : []),
    "-",
    { title: "Hide", act: () => acts.onHide(id), hint: "Delete" },
  ];
}
