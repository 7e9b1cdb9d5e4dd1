/** Which piece of a filter the server's refusal is about. */

import { pieces } from "./pieces";

export interface Marked {
  message: string;
  from: number;
  to: number;
}

const PLACE = /^Invalid filter at character (\d+): (.*)$/s;

/** undefined: the error isn't about a place in the filter. */
export function markedProblem(filter: string, message: string): Marked | undefined {
  const found = PLACE.exec(message);
  if (!found) return undefined;
  // The server counts characters; JavaScript counts halves of those beyond the first 65,536.
  const from = [...filter].slice(0, Number(found[1]) - 1).join("").length;
  const piece = pieces(filter).find((each) => each.start <= from && from < each.end);
  const said = found[2] ?? "";
  return { message: said.charAt(0).toUpperCase() + said.slice(1), from, to: piece?.end ?? filter.length };
}
