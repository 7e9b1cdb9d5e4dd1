import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { Popup } from "./Popup";

export interface MenuItem {
  title: string;
  act: () => void;
  danger?: boolean;
  disabled?: boolean;
  /** Why it can't be done now, or more about it. */
  hint?: string;
}

/** A button with what can be done. "-" is a line between. Arrows, Home, End and first letters lead through it. */
export function Menu({
  label,
  button,
  className,
  items,
}: {
  label: string;
  button?: ReactNode;
  className?: string;
  items: (MenuItem | "-")[];
}) {
  return (
    <Popup label={label} button={button} className={className} role="menu">
      {(close) => <Items items={items} close={close} />}
    </Popup>
  );
}

function Items({ items, close }: { items: (MenuItem | "-")[]; close: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const buttons = () => [...(list.current?.querySelectorAll<HTMLButtonElement>("button:enabled") ?? [])];
  useEffect(() => {
    list.current?.querySelector<HTMLButtonElement>("button:enabled")?.focus();
  }, []);
  const press = (event: KeyboardEvent) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const next = target(event.key, all, at);
    if (event.key === "Tab") close();
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the menu around it has the role
    <div ref={list} className="menu-items" onKeyDown={press}>
      {items.map((item, at) =>
        item === "-" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no names
          <hr key={at} className="menu-line" />
        ) : (
          <button
            key={item.title}
            type="button"
            role="menuitem"
            tabIndex={-1}
            className={item.danger ? "menu-item danger" : "menu-item"}
            disabled={item.disabled}
            title={item.hint}
            onClick={() => {
              close();
              item.act();
            }}
          >
            {item.title}
          </button>
        ),
      )}
    </div>
  );
}

function target(key: string, all: HTMLButtonElement[], at: number): HTMLButtonElement | undefined {
  if (key === "ArrowDown") return all[(at + 1) % all.length];
  if (key === "ArrowUp") return all[(at - 1 + all.length) % all.length];
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (key.length !== 1 || key === " ") return undefined;
  const from = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  return from.find((each) => each.textContent?.toLowerCase().startsWith(key.toLowerCase()));
}
