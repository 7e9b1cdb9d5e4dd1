import { Link, Outlet } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Toasts } from "@/parts/Toasts";
import { ServerState } from "./ServerState";
import "./shell.css";
import { applyTheme, chooseTheme, chosenTheme, type Theme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const SIGN: Record<Theme, string> = { system: "◐", light: "☀", dark: "☾" };

applyTheme();

export function Shell() {
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="bar">
        <Link to="/" className="brand" aria-label="Headrace, to all experiments">
          <img src="./icon.svg" alt="" width={22} height={22} />
          Headrace
        </Link>
        <nav aria-label="Main">
          <Link to="/" activeOptions={{ exact: true }}>
            Experiments
          </Link>
          <Link to="/models">Models</Link>
        </nav>
        <span className="space" />
        <ThemeButton />
      </header>
      <ServerState />
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
    </div>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  useEffect(() => chooseTheme(theme), [theme]);
  const next = NEXT[theme];
  return (
    <button
      type="button"
      className="icon-button"
      title={`Theme: ${theme}`}
      aria-label={`Theme is ${theme}; choose ${next}`}
      onClick={() => setTheme(next)}
    >
      {SIGN[theme]}
    </button>
  );
}
