import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useCommands } from "./commands";
import { experimentsCalled, modelsCalled, runsCalled, whereRunsAre } from "./finding";
import { fitting } from "./matching";
import { recentPlaces } from "./recent";
import "./palette.css";

interface Entry {
  id: string;
  title: string;
  kind: string;
  keys?: string;
  path?: string;
  act?: () => void;
}

const RECENT = 8;
const TYPED_MS = 150;

/** Everything that can be reached or done, by typing: commands, recent places, and what the server finds. */
export function Palette({ onClose }: { onClose: () => void }) {
  const router = useRouter();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const entries = useEntries(text.trim());
  const chosen = Math.min(at, entries.length - 1);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    document.getElementById(`${list}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [list, chosen]);

  const take = (entry: Entry | undefined, elsewhere: boolean) => {
    if (!entry) return;
    dialog.current?.close();
    if (entry.act) entry.act();
    else if (entry.path && elsewhere) window.open(router.history.createHref(addressOf(entry.path)), "_blank");
    else if (entry.path) void router.navigate({ to: entry.path as never });
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && entries.length > 0) setAt((chosen + step + entries.length) % entries.length);
    else if (event.key === "Enter") take(entries[chosen], event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Go to or do"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <input
        className="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={chosen >= 0 ? `${list}-${chosen}` : undefined}
        aria-label="Go to or do"
        placeholder="Go to an experiment, run or model, or do something"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div id={list} role="listbox" aria-label="Found" className="palette-list">
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
          <div
            key={entry.id}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            className="palette-entry"
            onPointerMove={() => setAt(index)}
            onClick={(event) => take(entry, event.ctrlKey || event.metaKey)}
          >
            <span className="palette-title">{entry.title}</span>
            {entry.keys && <kbd>{entry.keys}</kbd>}
            <span className="palette-kind">{entry.kind}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 && <p className="palette-nothing soft">Nothing is called so.</p>}
    </dialog>
  );
}

const addressOf = (path: string): string => new URL(document.baseURI).pathname.replace(/\/$/, "") + path;

function useEntries(text: string): Entry[] {
  const commands = useCommands();
  const [recent] = useState(recentPlaces);
  const settled = useSettled(text);
  const asked = settled !== "";
  const where = useQuery({ ...whereRunsAre, enabled: asked }).data;
  const experiments = useQuery({ ...experimentsCalled(settled), enabled: asked, ...kept });
  const models = useQuery({ ...modelsCalled(settled), enabled: asked, ...kept });
  const runs = useQuery({
    ...runsCalled(settled, where ?? []),
    enabled: asked && where !== undefined,
    ...kept,
  });
  return useMemo(() => {
    const here = window.location.pathname;
    const can: Entry[] = fitting(commands, text).map((each) => ({ ...each, kind: "Do" }));
    const been: Entry[] = fitting(recent, text)
      .filter((place) => addressOf(place.path) !== here)
      .slice(0, RECENT)
      .map((place) => ({ ...place, id: place.path }));
    if (!text) return [...been, ...can];
    const found: Entry[] = [experiments, runs, models].flatMap((each) => each.data ?? []);
    const known = new Set(been.map((each) => each.path));
    return [...can, ...been, ...found.filter((each) => !known.has(each.path))];
  }, [commands, recent, text, experiments, runs, models]);
}

const kept = { placeholderData: keepPreviousData, staleTime: 10_000 };

/** What was typed, once nobody types for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
