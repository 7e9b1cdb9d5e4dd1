/** What can be done from where one is: views register it while they are shown, the palette and the keys offer it. */

import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Command {
  id: string;
  title: string;
  act: () => void;
  /** "c", or keys one after the other: "g e". */
  keys?: string;
}

let commands: readonly Command[] = [];
const listeners = new Set<() => void>();

function change(next: readonly Command[]): void {
  commands = next;
  for (const listener of listeners) listener();
}

export function register(command: Command): () => void {
  change([...commands, command]);
  return () => change(commands.filter((each) => each !== command));
}

export const registered = (): readonly Command[] => commands;

export function useCommands(): readonly Command[] {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, registered);
}

/** Offers a command while this view is shown. null: not now. */
export function useCommand(command: Command | null): void {
  const act = useRef(command?.act);
  useEffect(() => {
    act.current = command?.act;
  });
  const { id, title, keys } = command ?? {};
  useEffect(() => {
    if (id === undefined || title === undefined) return;
    return register({ id, title, keys, act: () => act.current?.() });
  }, [id, title, keys]);
}
