import { type FormEvent, useState } from "react";
import { counted } from "@/parts/counts";
import { Dialog } from "@/parts/Dialog";

interface Props {
  count: number;
  onTag: (key: string, value: string) => void;
  onClose: () => void;
}

/** One tag for all selected runs; it takes the place of one with the same key. */
export function TagDialog({ count, onTag, onClose }: Props) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onTag(key.trim(), value);
  };
  return (
    <Dialog title={`Tag ${counted(count, "run")}`} onClose={onClose}>
      <form onSubmit={submit}>
        <label className="labelled">
          <span>Key</span>
          <input
            className="field"
            value={key}
            autoFocus
            required
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        <label className="labelled">
          <span>Value</span>
          <input className="field" value={value} onChange={(event) => setValue(event.target.value)} />
        </label>
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={!key.trim()}>
            Set tag
          </button>
        </div>
      </form>
    </Dialog>
  );
}
