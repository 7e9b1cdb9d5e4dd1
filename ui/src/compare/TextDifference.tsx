import { useMemo, useState } from "react";
import { counted } from "@/parts/counts";
import { differenceOf } from "./texts";
import "./texts.css";

const FIRST_LINES = 1_000;

/** Two texts as unified lines; three lines of what is the same stand around what isn't. */
export default function TextDifference({ before, after }: { before: string; after: string }) {
  const found = useMemo(() => differenceOf(before, after), [before, after]);
  const [all, setAll] = useState(false);
  if (found === "same") return <p className="soft">The texts are the same.</p>;
  if (found === "too different")
    return <p className="soft">The texts have too little in common to be compared.</p>;
  const shown = all ? found.lines : found.lines.slice(0, FIRST_LINES);
  return (
    <div className="difference">
      <p className="soft">
        {counted(found.added, "line")} added, {counted(found.removed, "line")} removed
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
      <pre tabIndex={0}>
        {shown.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of two texts never change places
          <span key={at} className={line.kind}>
            {line.text}
            {"\n"}
          </span>
        ))}
      </pre>
      {shown.length < found.lines.length && (
        <button type="button" className="button" onClick={() => setAll(true)}>
          Show all {found.lines.length.toLocaleString("en")} lines
        </button>
      )}
    </div>
  );
}
