/** The list's search fields in the filter language. */

import { nameFilter, quoted } from "@/api/filters";

export const ORDERS = {
  changed: "last_updated_timestamp DESC",
  name: "name ASC",
  made: "creation_timestamp DESC",
} as const;

export type Order = keyof typeof ORDERS;

/** tag: "key" for all that have it, or "key=value". */
export function modelFilter(name: string, tag: string): string {
  return [nameFilter(name), tagFilter(tag)].filter(Boolean).join(" AND ");
}

function tagFilter(text: string): string {
  const at = text.indexOf("=");
  const key = (at < 0 ? text : text.slice(0, at)).trim();
  if (!key) return "";
  const field = `tags.\`${key.replaceAll("`", "")}\``;
  return at < 0 ? `${field} LIKE '%'` : `${field} = ${quoted(text.slice(at + 1).trim())}`;
}
