/** Light or dark: what the system says, until the user says otherwise. */

import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "headrace.theme";
const CHANGED = "headrace:theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function applyTheme(theme: Theme = chosenTheme()): void {
  const shown = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  document.documentElement.dataset.theme = shown;
  window.dispatchEvent(new Event(CHANGED));
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme(theme);
}

function subscribe(changed: () => void): () => void {
  window.addEventListener(CHANGED, changed);
  return () => window.removeEventListener(CHANGED, changed);
}

export const useChosenTheme = (): Theme => useSyncExternalStore(subscribe, chosenTheme);

/** What is drawn on a canvas is drawn again when the theme changes. */
export const useShownTheme = (): string =>
  useSyncExternalStore(subscribe, () => document.documentElement.dataset.theme ?? "light");

dark.addEventListener("change", () => applyTheme());
// Chosen in another tab.
window.addEventListener("storage", (event) => {
  if (event.key === KEY) applyTheme();
});
