import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { call } from "@/api/call";
import { Dialog } from "@/parts/Dialog";
import { tell } from "@/parts/Toasts";

/** Gates may refuse: what they say stays in the dialog. */
export function AliasDialog({
  name,
  version,
  onClose,
}: {
  name: string;
  version: string;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const [alias, setAlias] = useState("champion");
  const [comment, setComment] = useState("");
  const doing = useMutation({
    mutationFn: () =>
      call("registered-models.set-alias", {
        name,
        alias: alias.trim(),
        version,
        comment: comment || undefined,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["model", name] });
      tell(`@${alias.trim()} is version ${version} of ${name} now.`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    doing.mutate();
  };
  return (
    <Dialog title={`Alias of version ${version}`} onClose={onClose}>
      <form onSubmit={submit}>
        <label className="labelled">
          <span>Alias</span>
          <input
            className="field"
            value={alias}
            required
            onChange={(event) => setAlias(event.target.value)}
          />
        </label>
        <label className="labelled">
          <span>Why, for the history</span>
          <input className="field" value={comment} onChange={(event) => setComment(event.target.value)} />
        </label>
        {doing.error && <p className="field-problem">{doing.error.message}</p>}
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={doing.isPending || !alias.trim()}>
            Set
          </button>
        </div>
      </form>
    </Dialog>
  );
}
