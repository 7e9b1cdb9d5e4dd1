import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import "./controls.css";
import "./tags.css";

interface Props {
  /** By key. */
  tags: [key: string, value: string][];
  onSet: (key: string, value: string) => Promise<unknown>;
  onDelete: (key: string) => Promise<unknown>;
}

/** Tags as a list that is changed in place. What the server refuses is told there, and what was typed stays. */
export function TagsEditor({ tags, onSet, onDelete }: Props) {
  const [edited, setEdited] = useState<string | null>(null);
  return (
    <div className="tags-editor">
      {tags.length > 0 && (
        <dl>
          {tags.map(([key, value]) =>
            edited === key ? (
              <div key={key}>
                <TagForm known={[key, value]} onSet={onSet} onDone={() => setEdited(null)} />
              </div>
            ) : (
              <Tag key={key} tag={[key, value]} onEdit={() => setEdited(key)} onDelete={onDelete} />
            ),
          )}
        </dl>
      )}
      {edited === "" ? (
        <TagForm onSet={onSet} onDone={() => setEdited(null)} />
      ) : (
        <button type="button" className="button" onClick={() => setEdited("")}>
          Add tag
        </button>
      )}
    </div>
  );
}

function Tag({
  tag: [key, value],
  onEdit,
  onDelete,
}: {
  tag: [string, string];
  onEdit: () => void;
  onDelete: Props["onDelete"];
}) {
  const going = useMutation({ mutationFn: () => onDelete(key) });
  return (
    <div className="tag-row">
      <dt className="soft">{key}</dt>
      <dd>{value}</dd>
      <dd className="tag-acts">
        <button type="button" className="quiet" aria-label={`Edit tag ${key}`} onClick={onEdit}>
          Edit
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={`Delete tag ${key}`}
          disabled={going.isPending}
          onClick={() => going.mutate()}
        >
          Delete
        </button>
      </dd>
      {going.error && <dd className="field-problem">{going.error.message}</dd>}
    </div>
  );
}

function TagForm({
  known,
  onSet,
  onDone,
}: {
  known?: [string, string];
  onSet: Props["onSet"];
  onDone: () => void;
}) {
  const [key, setKey] = useState(known?.[0] ?? "");
  const [value, setValue] = useState(known?.[1] ?? "");
  const setting = useMutation({ mutationFn: () => onSet(key.trim(), value), onSuccess: onDone });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setting.mutate();
  };
  return (
    <form
      className="tag-form"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === "Escape") onDone();
      }}
    >
      <input
        className="field"
        aria-label="Key"
        placeholder="Key"
        value={key}
        required
        disabled={known !== undefined}
        // biome-ignore lint/a11y/noAutofocus: the form opens because somebody wants to type here
        autoFocus={known === undefined}
        onChange={(event) => setKey(event.target.value)}
      />
      <input
        className="field"
        aria-label="Value"
        placeholder="Value"
        value={value}
        // biome-ignore lint/a11y/noAutofocus: as above
        autoFocus={known !== undefined}
        onChange={(event) => setValue(event.target.value)}
      />
      <button type="submit" className="button main" disabled={setting.isPending || !key.trim()}>
        Save
      </button>
      <button type="button" className="button" onClick={onDone}>
        Cancel
      </button>
      {setting.error && <p className="field-problem">{setting.error.message}</p>}
    </form>
  );
}
