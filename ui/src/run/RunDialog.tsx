import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import { FormDialog } from "@/parts/FormDialog";
import { tell } from "@/parts/Toasts";
import { idOf, nameOf } from "@/runs/values";

export type RunDialogKind = "rename" | "delete" | "restore";

const WORDS: Record<RunDialogKind, { title: string; button: string; done: string }> = {
  rename: { title: "Rename run", button: "Rename", done: "was renamed" },
  delete: { title: "Delete run", button: "Delete", done: "was deleted; it can be restored" },
  restore: { title: "Restore run", button: "Restore", done: "is back" },
};

export function RunDialog({
  kind,
  run,
  onClose,
}: {
  kind: RunDialogKind;
  run: RunMessage;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const [name, setName] = useState(run.info.run_name ?? "");
  const runId = idOf(run);
  const doing = useMutation({
    mutationFn: async () => {
      if (kind === "rename") await call("runs.update", { run_id: runId, run_name: name.trim() });
      if (kind === "delete") await call("runs.delete", { run_id: runId });
      if (kind === "restore") await call("runs.restore", { run_id: runId });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["run", runId] });
      tell(`The run ${kind === "rename" ? name.trim() : nameOf(run)} ${WORDS[kind].done}.`);
      onClose();
    },
  });
  return (
    <FormDialog
      title={WORDS[kind].title}
      label={WORDS[kind].button}
      danger={kind === "delete"}
      ready={kind !== "rename" || name.trim() !== ""}
      doing={doing}
      onClose={onClose}
    >
      {kind === "rename" ? (
        <label className="labelled">
          <span>Name</span>
          <input className="field" value={name} required onChange={(event) => setName(event.target.value)} />
        </label>
      ) : (
        <p>
          {kind === "delete"
            ? "Its values and artifacts stay until deleted runs are removed for good: "
            : "It is among the runs of its experiment again: "}
          <strong>{nameOf(run)}</strong>
        </p>
      )}
    </FormDialog>
  );
}
