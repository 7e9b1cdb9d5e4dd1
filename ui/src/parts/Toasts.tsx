import { useSyncExternalStore } from "react";
import "./toasts.css";

interface Toast {
  id: number;
  text: string;
  kind: "done" | "failed";
}

const SHOWN_MS = 6_000;
let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** A line that says what happened, and goes by itself. */
export function tell(text: string, kind: Toast["kind"] = "done"): void {
  last += 1;
  const id = last;
  change([...toasts, { id, text, kind }]);
  setTimeout(() => change(toasts.filter((each) => each.id !== id)), SHOWN_MS);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div key={toast.id} className={`toast ${toast.kind}`}>
          {toast.text}
        </div>
      ))}
    </div>
  );
}
