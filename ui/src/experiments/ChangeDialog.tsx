import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/call";
import type { ExperimentMessage } from "@/api/endpoints";
import { FormDialog } from "@/parts/FormDialog";
import { tell } from "@/parts/Toasts";
import { NOTE } from "./queries";

export type Change =
  | { kind: "create" }
  | { kind: "edit"; experiment: ExperimentMessage; note: string }
  | { kind: "delete" | "restore"; experiment: ExperimentMessage };

const TITLES: Record<Change["kind"], string> = {
  create: "New experiment",
  edit: "Edit experiment",
  delete: "Delete experiment",
  restore: "Restore experiment",
};
const LABELS: Record<Change["kind"], string> = {
  create: "Create",
  edit: "Edit",
  delete: "Delete",
  restore: "Restore",
};
const DONE: Record<Change["kind"], string> = {
  create: "was made",
  edit: "was changed",
  delete: "was deleted; it can be restored",
  restore: "is back",
};

async function apply(change: Change, name: string, note: string): Promise<void> {
  if (change.kind === "create") {
    const tags = note ? [{ key: NOTE, value: note }] : [];
    await call("experiments.create", { name, tags });
    return;
  }
  const id = change.experiment.experiment_id ?? "";
  if (change.kind === "delete") await call("experiments.delete", { experiment_id: id });
  if (change.kind === "restore") await call("experiments.restore", { experiment_id: id });
  if (change.kind === "edit") {
    if (name !== change.experiment.name)
      await call("experiments.update", { experiment_id: id, new_name: name });
    if (note !== change.note)
      await call("experiments.set-tag", { experiment_id: id, key: NOTE, value: note });
  }
}

export function ChangeDialog({
  change,
  onClose,
}: {
  change: Change;
  /** done: the server did it. */
  onClose: (done: boolean) => void;
}) {
  const queries = useQueryClient();
  const [name, setName] = useState("experiment" in change ? (change.experiment.name ?? "") : "");
  const [note, setNote] = useState("note" in change ? change.note : "");
  const doing = useMutation({
    mutationFn: () => apply(change, name.trim(), note),
    onSuccess: async () => {
      tell(`The experiment ${name.trim()} ${DONE[change.kind]}.`);
      onClose(true);
      await Promise.all(
        ["experiments", "experiment"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
      );
    },
  });
  const writes = change.kind === "create" || change.kind === "edit";
  return (
    <FormDialog
      title={TITLES[change.kind]}
      label={LABELS[change.kind]}
      danger={change.kind === "delete"}
      ready={!writes || name.trim() !== ""}
      doing={doing}
      onClose={() => onClose(false)}
    >
      {writes ? (
        <>
          <label className="labelled">
            <span>Name</span>
            <input
              className="field"
              value={name}
              required
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <label className="labelled">
            <span>Description (Markdown)</span>
            <textarea
              className="field"
              rows={4}
              value={note}
              onChange={(event) => setNote(event.target.value)}
            />
          </label>
        </>
      ) : (
        <p>
          {change.kind === "delete"
            ? "Its runs go with it until it is restored: "
            : "Its runs come back with it: "}
          <strong>{name}</strong>
        </p>
      )}
    </FormDialog>
  );
}
