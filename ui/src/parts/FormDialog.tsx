import type { FormEvent, ReactNode } from "react";
import { Dialog } from "./Dialog";
import "./controls.css";

/** A dialog that does something when its form is sent. What the server refuses is told in its own words, and it stays. */
export function FormDialog({
  title,
  label,
  danger = false,
  ready = true,
  doing,
  onClose,
  children,
}: {
  title: string;
  /** Of the button that sends. */
  label: string;
  danger?: boolean;
  /** Whether what is filled in can be sent. */
  ready?: boolean;
  doing: { mutate: () => void; error: Error | null; isPending: boolean };
  onClose: () => void;
  children?: ReactNode;
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    doing.mutate();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        {doing.error && (
          <p className="field-problem refusal" role="alert">
            {doing.error.message}
          </p>
        )}
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={danger ? "button danger" : "button main"}
            disabled={doing.isPending || !ready}
          >
            {label}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
