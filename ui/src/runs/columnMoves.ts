/** Columns that are moved, pinned and left out. `pinned` holds some of `columns`, in the order they have at the left. */

export interface Arrangement {
  columns: string[];
  pinned: string[];
}

export type Side = "before" | "after";

const without = (ids: string[], id: string): string[] => ids.filter((each) => each !== id);

function beside(ids: string[], id: string, target: string, side: Side): string[] {
  const rest = without(ids, id);
  const at = rest.indexOf(target);
  if (at < 0) return ids;
  rest.splice(side === "before" ? at : at + 1, 0, id);
  return rest;
}

/** A column that is dropped beside another one: it is pinned then, or not, as that one is. */
export function moved({ columns, pinned }: Arrangement, id: string, target: string, side: Side): Arrangement {
  if (id === target || !columns.includes(id)) return { columns, pinned };
  if (!columns.includes(target)) return { columns, pinned: [id, ...without(pinned, id)] };
  if (pinned.includes(target))
    return { columns, pinned: beside([...without(pinned, id), id], id, target, side) };
  return { columns: beside(columns, id, target, side), pinned: without(pinned, id) };
}

/** One place to the left (-1) or right (1), among those that stay or among those that scroll. */
export function stepped(now: Arrangement, id: string, step: -1 | 1): Arrangement {
  const among = now.pinned.includes(id)
    ? now.pinned
    : now.columns.filter((each) => !now.pinned.includes(each));
  const neighbour = among[among.indexOf(id) + step];
  return neighbour === undefined ? now : moved(now, id, neighbour, step < 0 ? "before" : "after");
}

export function pinFlipped({ columns, pinned }: Arrangement, id: string): Arrangement {
  return { columns, pinned: pinned.includes(id) ? without(pinned, id) : [...pinned, id] };
}

export const hidden = ({ columns, pinned }: Arrangement, id: string): Arrangement => ({
  columns: without(columns, id),
  pinned: without(pinned, id),
});
