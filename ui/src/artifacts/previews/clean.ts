/** HTML of others without what could run. Its styles are put aside: the page's policy lets no HTML bring its own. */

import DOMPurify from "dompurify";

export interface CleanHtml {
  /** A whole document. */
  html: string;
  /** Texts of its style elements. */
  styles: string[];
}

/** Where the text of a style attribute waits. */
export const WAITING = "data-waiting-style";

const GONE = ["style", "iframe", "object", "embed", "form", "base", "meta", "link", "template", "noscript"];

export function clean(text: string): CleanHtml {
  const { html, styles } = withoutStyles(text);
  const safe = purifier().sanitize(html, {
    WHOLE_DOCUMENT: true,
    FORBID_TAGS: GONE,
    FORBID_ATTR: ["style", "target", "ping", "action", "formaction", "background"],
  });
  return { html: `<!doctype html>${safe}`, styles };
}

let made: ReturnType<typeof DOMPurify> | undefined;

/** One of our own, so that its habits are nobody else's. */
function purifier(): ReturnType<typeof DOMPurify> {
  if (made) return made;
  made = DOMPurify(window);
  made.addHook("afterSanitizeAttributes", settle);
  return made;
}

const DATA = /^data:(image|audio|video)\//i;

/** Nothing is fetched, and a link leads nowhere but to a place in the document; where else it would lead is told. */
function settle(element: Element): void {
  for (const name of ["src", "srcset", "poster"])
    if (!DATA.test(element.getAttribute(name) ?? "")) element.removeAttribute(name);
  for (const name of ["href", "xlink:href"]) {
    const link = element.getAttribute(name);
    if (link === null) continue;
    const isLink = /^(a|area)$/i.test(element.tagName);
    if (!isLink && (link.startsWith("#") || DATA.test(link))) continue;
    element.removeAttribute(name);
    if (isLink && link.startsWith("#")) element.setAttribute(name, `about:srcdoc${link}`);
    else if (isLink) element.setAttribute("title", link);
  }
}

/**
 * Even while HTML is read, a style or a handler in it breaks the policy; so they go before. One pass over the text: a file that is
 * made to be slow can't be.
 */
export function withoutStyles(text: string): CleanHtml {
  const styles: string[] = [];
  const kept: string[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("<", at);
    if (open < 0) break;
    kept.push(text.slice(at, open));
    if (text.startsWith("<!--", open)) {
      at = after(text, "-->", open + 4);
      continue;
    }
    if (!/[a-z]/i.test(text[open + 1] ?? "")) {
      kept.push("<");
      at = open + 1;
      continue;
    }
    at = tagEnd(text, open);
    const tag = text.slice(open, at);
    if (/^<style[\s/>]/i.test(tag)) {
      STYLE_END.lastIndex = at;
      const close = STYLE_END.exec(text);
      styles.push(text.slice(at, close?.index));
      at = close ? STYLE_END.lastIndex : text.length;
    } else kept.push(tag.replace(STYLE_ATTRIBUTE, `$1${WAITING}`).replace(HANDLER, "$1data-gone"));
  }
  kept.push(text.slice(at));
  return { html: kept.join(""), styles };
}

const STYLE_END = /<\/style[^>]*>/gi;
const STYLE_ATTRIBUTE = /([\s"'/])style(?=\s*=)/gi;

function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found + end.length;
}

const HANDLER = /([\s"'/])on[a-z]+(?=\s*=)/gi;

/** Behind the tag's >; one in quotes doesn't count. */
function tagEnd(text: string, open: number): number {
  let quote = "";
  for (let at = open + 1; at < text.length; at += 1) {
    const sign = text[at] as string;
    if (quote) quote = sign === quote ? "" : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === ">") return at + 1;
  }
  return text.length;
}
