import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog } from "@/parts/Dialog";
import { tell } from "@/parts/Toasts";
import "@/parts/controls.css";

/**
 * A question before something in the registry changes. What the server refuses is told in its own words, and the dialog
 * stays. act: gets what was written for the history.
 */
export function ActDialog({
  title,
  label,
  danger = false,
  ready = true,
  act,
  done,
  onDone,
  onClose,
  children,
}: {
  title: string;
  label: string;
  danger?: boolean;
  ready?: boolean;
  act: (comment: string | undefined) => Promise<unknown>;
  /** What is told when it is done. */
  done: string;
  onDone?: () => void;
  onClose: () => void;
  children?: ReactNode;
}) {
  const queries = useQueryClient();
  const [comment, setComment] = useState("");
  const doing = useMutation({
    mutationFn: () => act(comment.trim() || undefined),
    onSuccess: async () => {
      onDone?.();
      onClose();
      tell(done);
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["models"] }),
        queries.invalidateQueries({ queryKey: ["model"] }),
      ]);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    doing.mutate();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        <label className="labelled">
          <span>Why, for the history</span>
          <input className="field" value={comment} onChange={(event) => setComment(event.target.value)} />
        </label>
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
