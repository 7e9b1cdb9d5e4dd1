import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Markdown } from "./Markdown";
import "./controls.css";
import "./description.css";

const LONG = 1_200; // characters; more than that pushes what follows off the screen
const LINES = 14;

/** What people wrote about a run, a model, a version: Markdown, changed in place. */
export function Description({
  text,
  queryKey,
  onSave,
}: {
  text: string;
  /** Of the queries that show it. */
  queryKey: readonly unknown[];
  onSave: (text: string) => Promise<unknown>;
}) {
  const [draft, setDraft] = useState<string | null>(null);
  const [whole, setWhole] = useState(false);
  const long = text.length > LONG || text.split("\n").length > LINES;
  const [preview, setPreview] = useState(false);
  const queries = useQueryClient();
  const saving = useMutation({
    mutationFn: () => onSave(draft ?? ""),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey });
      setDraft(null);
    },
  });
  if (draft === null)
    return (
      <section aria-label="Description" className={long && !whole ? "description long" : "description"}>
        {text && <Markdown text={text} />}
        {long && (
          <button type="button" className="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
            {whole ? "Show less" : "Show all of it"}
          </button>
        )}
        <button
          type="button"
          className="quiet"
          onClick={() => {
            setPreview(false);
            setDraft(text);
          }}
        >
          {text ? "Edit description" : "Add description"}
        </button>
      </section>
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <form className="description" onSubmit={submit}>
      {preview ? (
        <div className="description-preview">
          <Markdown text={draft} />
        </div>
      ) : (
        <textarea
          className="field"
          rows={10}
          aria-label="Description (Markdown)"
          value={draft}
          // biome-ignore lint/a11y/noAutofocus: it opens because somebody wants to write here
          autoFocus
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && draft === text && setDraft(null)}
        />
      )}
      {saving.error && (
        <p className="field-problem" role="alert">
          {saving.error.message}
        </p>
      )}
      <div className="actions">
        <button type="button" className="button" onClick={() => setPreview(!preview)}>
          {preview ? "Write" : "Preview"}
        </button>
        <button type="button" className="button" onClick={() => setDraft(null)}>
          Cancel
        </button>
        <button type="submit" className="button main" disabled={saving.isPending}>
          Save
        </button>
      </div>
    </form>
  );
}
