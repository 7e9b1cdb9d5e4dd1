import { Link, Outlet } from "@tanstack/react-router";
import { useEffect } from "react";
import { Toasts, tell } from "@/parts/Toasts";
import { Keyboard } from "./Keyboard";
import { ServerState } from "./ServerState";
import "./shell.css";
import { wasReloaded } from "./stale";
import { ThemeButton } from "./ThemeButton";
import { applyTheme } from "./theme";
import { UserMenu } from "./UserMenu";

applyTheme();

export function Shell() {
  useEffect(() => {
    if (wasReloaded()) tell("The server has other pages than a moment ago; this one was loaded anew.");
  }, []);
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <header className="bar">
        <Link to="/" className="brand" aria-label="Headrace, to all experiments">
          <img src="./icon.svg" alt="" width={22} height={22} />
          <span>Headrace</span>
        </Link>
        <nav aria-label="Main">
          <Link to="/" activeOptions={{ exact: true }}>
            Experiments
          </Link>
          <Link to="/models">Models</Link>
        </nav>
        <span className="space" />
        <Keyboard />
        <ThemeButton />
        <UserMenu />
      </header>
      <ServerState />
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
    </div>
  );
}
