import type { ReactNode } from "react";
import { PageTitle } from "./PageTitle";

/** Where a page is: links to what it lies in, then its own name. */
export function Crumbs({ children, title }: { children: ReactNode[] | ReactNode; title: string }) {
  const links = Array.isArray(children) ? children : [children];
  return (
    <nav aria-label="Where you are" className="crumbs">
      {links.map((link, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the links of a page never change places
        <span key={at} className="crumb">
          {link}
          <span aria-hidden="true">/</span>
        </span>
      ))}
      <PageTitle title={title} />
    </nav>
  );
}
