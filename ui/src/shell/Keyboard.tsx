import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { registered, useCommand } from "./commands";
import { Sequences, typing } from "./keys";
import { Palette } from "./Palette";
import { Shortcuts } from "./Shortcuts";

type Shown = "palette" | "shortcuts" | null;

/** Keys of all commands, the palette and the list of keys; and a button for those who have no Ctrl key. */
export function Keyboard() {
  const router = useRouter();
  const [shown, setShown] = useState<Shown>(null);
  useCommand({
    id: "experiments",
    title: "Go to experiments",
    keys: "g e",
    act: () => void router.navigate({ to: "/" }),
  });
  useCommand({
    id: "models",
    title: "Go to models",
    keys: "g m",
    act: () => void router.navigate({ to: "/models" }),
  });
  useCommand({ id: "keys", title: "Show the keys", keys: "?", act: () => setShown("shortcuts") });

  useEffect(() => {
    const sequences = new Sequences();
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      if (event.ctrlKey || event.metaKey) {
        if (event.key.toLowerCase() !== "k" || event.shiftKey) return;
        event.preventDefault();
        if (!document.querySelector("dialog[open]")) setShown("palette");
        return;
      }
      if (typing(event.target) || document.querySelector("dialog[open]")) return;
      if (sequences.press(event.key, registered())) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);

  const close = () => setShown(null);
  return (
    <>
      <button type="button" className="find-button" onClick={() => setShown("palette")}>
        <span className="find-text">Go to…</span>
        <span className="find-sign" aria-hidden="true">
          ⌕
        </span>
        <kbd>Ctrl K</kbd>
      </button>
      {shown === "palette" && <Palette onClose={close} />}
      {shown === "shortcuts" && <Shortcuts onClose={close} />}
    </>
  );
}
