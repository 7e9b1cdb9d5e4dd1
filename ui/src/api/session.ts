/** Whether the server knows who is looking. Where it asks nobody, it always does. */

import { useSyncExternalStore } from "react";
import { address, send } from "./call";
import { ENDPOINTS } from "./endpoints";

let out = false;
const listeners = new Set<() => void>();

/** Noted at each answer that says so, and after signing in. */
export function noteSignedOut(now: boolean): void {
  if (out === now) return;
  out = now;
  for (const listener of listeners) listener();
}

export const useSignedOut = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => out,
  );

let onAsked = (): void => {};

export const askToSignIn = (): void => onAsked();

export function whenAskedToSignIn(told: () => void): () => void {
  onAsked = told;
  return () => {
    onAsked = () => {};
  };
}

export type Credential = { username: string; password: string } | { token: string };

/** The browser keeps a cookie; neither the password nor the token stays in the page. */
export async function signIn(credential: Credential): Promise<void> {
  const { method, path } = ENDPOINTS["session.open"];
  await send(address(path), { method, headers: { Authorization: header(credential) } });
  noteSignedOut(false);
}

export async function signOut(): Promise<void> {
  const { method, path } = ENDPOINTS["session.close"];
  await send(address(path), { method });
}

function header(credential: Credential): string {
  if ("token" in credential) return `Bearer ${credential.token.trim()}`;
  const bytes = new TextEncoder().encode(`${credential.username}:${credential.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
