import { useState } from "react";
import { sizeText } from "@/artifacts/sizes";
import { copyAndTell } from "@/parts/clipboard";

const SHOWN = 300;
const MOST_SHOWN = 100_000;

/** A value of any length: its start, all of it when asked for, and a copy of the whole even where all is too much to show. */
export function LongValue({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  if (text.length <= SHOWN) return <span className="value">{text}</span>;
  const copy = () => copyAndTell(text, "The value was copied.");
  return (
    <span className={open ? "value open" : "value"}>
      {open ? text.slice(0, MOST_SHOWN) : `${text.slice(0, SHOWN)}…`}
      {open && text.length > MOST_SHOWN && "…"}
      <span className="value-acts">
        <button type="button" className="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Less" : `Show ${sizeText(Math.min(text.length, MOST_SHOWN))}`}
        </button>
        <button type="button" className="quiet" onClick={copy}>
          Copy all{text.length > MOST_SHOWN && ` ${sizeText(text.length)}`}
        </button>
      </span>
    </span>
  );
}
