import { useEffect, useRef } from "react";
import { remember } from "@/shell/recent";

const SITE = "Headrace";
let shown: string | undefined;

/**
 * What a page is called: its heading, the document's title, and an entry among recent places. After a change of page the
 * focus comes here, so that keyboards and screen readers go on from the top of what is shown now.
 */
export function PageTitle({ title }: { title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!title) return;
    document.title = `${title} · ${SITE}`;
    remember(window.location.pathname, title);
    const came = shown !== undefined && shown !== window.location.pathname;
    shown = window.location.pathname;
    if (came && !inUse(document.activeElement)) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <h1 ref={heading} tabIndex={-1} title={title}>
      {title}
    </h1>
  );
}

/** Somebody has gone on to a field, a dialog or the page's own controls before its title came. */
const inUse = (element: Element | null): boolean =>
  element?.closest("main, dialog, input, textarea, select") !== null &&
  element !== document.getElementById("main");
