import { useMemo } from "react";
import { Scrolled } from "@/artifacts/Scrolled";
import { duration } from "@/parts/times";
import { said } from "./endpoint";
import { pretty } from "./exact";

const LONGEST = 100_000; // characters shown

export interface Answered {
  status: number;
  phrase: string;
  ms: number;
  text: string;
}

/** What the model answered, and how long it took; a refusal in the server's words. */
export function Answer({ answered, error }: { answered: Answered | undefined; error: Error | null }) {
  const text = useMemo(() => {
    const shown = answered ? pretty(answered.text.slice(0, LONGEST)) : "";
    return answered && answered.text.length > LONGEST ? `${shown}…` : shown;
  }, [answered]);
  if (error)
    return (
      <section aria-label="Answer" className="answer">
        <p className="field-problem" role="alert">
          No answer came: {error.message}. The server may have ended, or its answer may be closed to this
          page.
        </p>
      </section>
    );
  if (!answered)
    return (
      <section aria-label="Answer" className="answer">
        <p className="soft">The answer will be here.</p>
      </section>
    );
  const failed = answered.status >= 400;
  const words = failed ? said(answered.text) : undefined;
  return (
    <section aria-label="Answer" className="answer">
      <p role="status">
        <strong className={failed ? "bad" : "good"}>
          {answered.status} {answered.phrase}
        </strong>{" "}
        <span className="soft">in {duration(answered.ms)}</span>
      </p>
      {words && <p className="field-problem refusal">{words}</p>}
      <Scrolled label="Body" className="example">
        <pre>
          <code>{text}</code>
        </pre>
      </Scrolled>
    </section>
  );
}
