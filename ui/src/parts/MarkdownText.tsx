import type { ComponentProps, JSX } from "react";
import Text, { type Components, type ExtraProps } from "react-markdown";
import remarkGfm from "remark-gfm";
import { Scrolled } from "@/artifacts/Scrolled";

const PLUGINS = [remarkGfm];

/** A page has its own first and second headings; those of a text lie below. */
const HEADINGS = { h1: "h3", h2: "h4", h3: "h5", h4: "h6", h5: "h6", h6: "h6" } as const;

const headings = Object.fromEntries(
  Object.entries(HEADINGS).map(([given, shown]) => [given, heading(shown)]),
) as Components;

function heading(Shown: "h3" | "h4" | "h5" | "h6") {
  return ({ node: _, ...given }: JSX.IntrinsicElements["h3"] & ExtraProps) => <Shown {...given} />;
}

/** The page has a <base>, so that an address that is only a fragment would leave the page. */
function place(href: string | undefined): string | undefined {
  return href?.startsWith("#") ? `${location.pathname}${location.search}${href}` : href;
}

const COMPONENTS: Components = {
  ...headings,
  a: ({ node: _, href, ...given }: ComponentProps<"a"> & ExtraProps) => {
    const here = href?.startsWith("#");
    return (
      <a
        {...given}
        href={place(href)}
        {...(here ? {} : { target: "_blank", rel: "noopener noreferrer nofollow" })}
      />
    );
  },
  // An image tells whoever keeps it that someone looks, and when: a link asks first.
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noopener noreferrer nofollow">
      {alt || "image"}
    </a>
  ),
  // Of a list of tasks: shown, not changed.
  input: ({ node: _, ...given }) => <input {...given} aria-label={given.checked ? "done" : "to do"} />,
  pre: ({ node: _, ...given }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, so the keyboard must reach them
    <pre {...given} tabIndex={0} />
  ),
  table: ({ node: _, ...given }) => (
    <Scrolled label="Table" className="markdown-table">
      <table {...given} />
    </Scrolled>
  ),
};

/** Raw HTML stays text, and addresses that run something are dropped: the library's defaults. */
export default function MarkdownText({ text }: { text: string }) {
  return (
    <div className="markdown">
      <Text remarkPlugins={PLUGINS} components={COMPONENTS}>
        {text}
      </Text>
    </div>
  );
}
