import type { ReactNode } from "react";

/** Text in which what is looked for stands out. */
export function Marked({ text, find }: { text: string; find: string }) {
  if (!find) return text;
  const [within, wanted] = [text.toLowerCase(), find.toLowerCase()];
  const parts: ReactNode[] = [];
  let at = 0;
  for (let next = within.indexOf(wanted); next >= 0; next = within.indexOf(wanted, at)) {
    parts.push(text.slice(at, next));
    at = next + wanted.length;
    parts.push(<mark key={next}>{text.slice(next, at)}</mark>);
  }
  return [...parts, text.slice(at)];
}
