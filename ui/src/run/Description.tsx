import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { call } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import { Markdown } from "@/parts/Markdown";
import { idOf } from "@/runs/values";
import { NOTE_TAG, tagsOf } from "./facts";

/** What people wrote about the run: Markdown, changed in place. */
export function Description({ run }: { run: RunMessage }) {
  const [editing, setEditing] = useState(false);
  const text = tagsOf(run).get(NOTE_TAG) ?? "";
  if (editing) return <DescriptionForm run={run} text={text} onDone={() => setEditing(false)} />;
  return (
    <section aria-label="Description" className="run-note">
      {text && <Markdown text={text} />}
      <button type="button" className="quiet" onClick={() => setEditing(true)}>
        {text ? "Edit description" : "Add a description"}
      </button>
    </section>
  );
}

function DescriptionForm({ run, text, onDone }: { run: RunMessage; text: string; onDone: () => void }) {
  const queries = useQueryClient();
  const [next, setNext] = useState(text);
  const saving = useMutation({
    mutationFn: () => call("runs.set-tag", { run_id: idOf(run), key: NOTE_TAG, value: next }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["run", idOf(run)] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <form className="run-note" onSubmit={submit}>
      <label className="labelled">
        <span>Description (Markdown)</span>
        <textarea
          className="field"
          rows={8}
          value={next}
          // biome-ignore lint/a11y/noAutofocus: the form opens because somebody wants to type here
          autoFocus
          onChange={(event) => setNext(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && next === text && onDone()}
        />
      </label>
      {saving.error && (
        <p className="field-problem" role="alert">
          {saving.error.message}
        </p>
      )}
      <div className="actions">
        <button type="button" className="button" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" className="button main" disabled={saving.isPending}>
          Save
        </button>
      </div>
    </form>
  );
}
