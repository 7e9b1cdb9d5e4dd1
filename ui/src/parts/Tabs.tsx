import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import "./tabs.css";

export interface Tab {
  id: string;
  title: string;
  count?: number;
}

type Search = Record<string, unknown>;

/**
 * Parts of a page, one of them shown: links, so that the address says which and Back goes back. The first one is what an
 * address without `param` shows. Arrows move between them, Enter opens.
 */
export function Tabs({
  label,
  tabs,
  chosen,
  param = "tab",
  drops = [],
}: {
  label: string;
  tabs: Tab[];
  chosen: string;
  param?: string;
  /** Search params that belong to one tab only and go with it. */
  drops?: string[];
}) {
  const search = (id: string) => (was: Search) => ({
    ...was,
    ...Object.fromEntries(drops.map((name) => [name, undefined])),
    [param]: id === tabs[0]?.id ? undefined : id,
  });
  // On a narrow screen not all of them fit: the chosen one is among those that are seen.
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen)
      list.current?.querySelector(".chosen")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [chosen]);
  return (
    <div ref={list} className="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map((tab) => (
        <Link
          key={tab.id}
          to="."
          search={search(tab.id) as never}
          role="tab"
          id={`${param}-${tab.id}`}
          aria-selected={tab.id === chosen}
          tabIndex={tab.id === chosen ? 0 : -1}
          activeProps={{ className: "" }}
          className={tab.id === chosen ? "tab chosen" : "tab"}
        >
          {tab.title}
          {tab.count !== undefined && <span className="tab-count">{tab.count.toLocaleString("en")}</span>}
        </Link>
      ))}
    </div>
  );
}

/** What the chosen tab shows. */
export function TabPanel({
  id,
  param = "tab",
  children,
}: {
  id: string;
  param?: string;
  children: ReactNode;
}) {
  return (
    <div role="tabpanel" id={`${param}-${id}-panel`} aria-labelledby={`${param}-${id}`}>
      {children}
    </div>
  );
}

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

function move(event: KeyboardEvent<HTMLDivElement>) {
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const step = STEPS[event.key];
  const next =
    event.key === "Home"
      ? all[0]
      : event.key === "End"
        ? all.at(-1)
        : step && all[(at + step + all.length) % all.length];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
