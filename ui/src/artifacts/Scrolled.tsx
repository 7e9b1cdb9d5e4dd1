import type { ReactNode } from "react";

/** What scrolls by itself: reachable by the Tab key, so that its arrows work. */
export function Scrolled({
  label,
  className,
  children,
}: {
  label: string;
  className: string;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section className={className} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
