import { useEffect } from "react";

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** A key that does something wherever nobody is typing. mod: with Ctrl, or Command on a Mac, and while typing, too. */
export function useShortcut(key: string, act: () => void, { mod = false }: { mod?: boolean } = {}): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const held = event.ctrlKey || event.metaKey;
      if (event.key !== key || held !== mod || event.altKey) return;
      if (!mod && typing(event.target)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [key, act, mod]);
}
