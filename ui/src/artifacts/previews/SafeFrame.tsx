import { useMemo, useRef, useState } from "react";
import { clean, WAITING } from "./clean";
import "./frame.css";

const MARGIN = 10;
const MOST_HEIGHT = 600;
/** What notebooks give to the tables in their outputs. */
const PLAIN = `
  body { margin: 4px; font: 13px system-ui, sans-serif; }
  table { border-collapse: collapse; }
  :is(th, td) { padding: 3px 10px; border-bottom: 1px solid #ddd; text-align: right; }`;

/**
 * HTML of others. Three walls: what could run is taken out, the frame runs no scripts (its sandbox allows none), and the
 * page's policy holds in it too. It keeps the origin only so that this page can give it its styles, which that policy
 * forbids it to bring, and can see how high it is.
 */
export function SafeFrame({ html, title, fits = false }: { html: string; title: string; fits?: boolean }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState<number>();
  const cleaned = useMemo(() => clean(html), [html]);
  const dress = () => {
    const page = frame.current?.contentDocument;
    const Sheet = (frame.current?.contentWindow as (Window & typeof globalThis) | null | undefined)
      ?.CSSStyleSheet;
    if (!page || !Sheet) return;
    page.adoptedStyleSheets = [...(fits ? [PLAIN] : []), ...cleaned.styles].map((text) => {
      const sheet = new Sheet();
      sheet.replaceSync(text);
      return sheet;
    });
    for (const element of page.querySelectorAll<HTMLElement>(`[${WAITING}]`))
      element.style.cssText = element.getAttribute(WAITING) ?? "";
    if (fits) setHeight(Math.ceil(page.body.getBoundingClientRect().bottom) + MARGIN);
  };
  return (
    <iframe
      ref={frame}
      className={fits ? "safe-frame fits" : "safe-frame"}
      title={title}
      sandbox="allow-same-origin"
      srcDoc={cleaned.html}
      style={height === undefined ? undefined : { height: Math.min(height, MOST_HEIGHT) }}
      onLoad={dress}
    />
  );
}
