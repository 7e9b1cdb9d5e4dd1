import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { FormDialog } from "@/parts/FormDialog";
import { tell } from "@/parts/Toasts";

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
  return (
    <FormDialog title={title} label={label} danger={danger} ready={ready} doing={doing} onClose={onClose}>
      {children}
      <label className="labelled">
        <span>Why, for the history</span>
        <input className="field" value={comment} onChange={(event) => setComment(event.target.value)} />
      </label>
    </FormDialog>
  );
}
