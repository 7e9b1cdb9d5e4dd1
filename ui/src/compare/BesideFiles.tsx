import { useQueries } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { RunMessage } from "@/api/endpoints";
import { fileAddress } from "@/artifacts/address";
import { kindOf } from "@/artifacts/kinds";
import { Preview } from "@/artifacts/Preview";
import { readAll, textOf } from "@/artifacts/read";
import { Problem } from "@/parts/Problem";
import { part } from "@/shell/stale";
import { RunChoice } from "./ReadDialog";
import { RunName } from "./RunName";
import type { SharedEntry } from "./union";

const TextDifference = lazy(() => part(import("./TextDifference")));

const FIRST = 8;
const MOST_BYTES = 2 << 20;
const TEXTS = new Set(["text", "code", "json", "yaml", "markdown", "mlmodel", "html", "table", "notebook"]);

/** A file of each run that has it, beside each other; of texts also what differs between two of them. */
export function BesideFiles({
  runs,
  entry,
  baseline,
}: {
  runs: RunMessage[];
  entry: SharedEntry;
  baseline?: string;
}) {
  const [many, setMany] = useState(FIRST);
  const [differing, setDiffering] = useState(false);
  const having = entry.has.flatMap((at) => runs[at] ?? []);
  const comparable = having.length > 1 && TEXTS.has(kindOf(entry.path));
  const lacking = runs.filter((_, at) => !entry.has.includes(at));
  return (
    <div className="beside">
      <div className="beside-bar">
        <code>{entry.path}</code>
        {comparable && (
          <button
            type="button"
            className="button small"
            aria-pressed={differing}
            onClick={() => setDiffering(!differing)}
          >
            Difference
          </button>
        )}
        {lacking.length > 0 && (
          <span className="soft">
            Not in{" "}
            {lacking
              .map((run) => run.info.run_name || run.info.run_id)
              .slice(0, 5)
              .join(", ")}
            {lacking.length > 5 && ` and ${lacking.length - 5} more`}
          </span>
        )}
      </div>
      {comparable && differing ? (
        <FileDifference runs={having} path={entry.path} baseline={baseline} />
      ) : (
        <div className="beside-columns">
          {having.slice(0, many).map((run) => {
            const runId = run.info.run_id ?? "";
            const size = entry.sizes.get(runs.indexOf(run));
            return (
              <section key={runId} aria-label={run.info.run_name}>
                <RunName run={run} />
                <Preview root={{ runId }} path={entry.path} size={size} />
              </section>
            );
          })}
          {having.length > many && (
            <button type="button" className="button" onClick={() => setMany(many + FIRST)}>
              Show {Math.min(FIRST, having.length - many)} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function FileDifference({ runs, path, baseline }: { runs: RunMessage[]; path: string; baseline?: string }) {
  const from = Math.max(
    0,
    runs.findIndex((run) => run.info.run_id === baseline),
  );
  const [left, setLeft] = useState(from);
  const [right, setRight] = useState(from === 0 ? 1 : 0);
  const [before, after] = useQueries({
    queries: [left, right].map((at) => ({
      queryKey: ["compare-text", runs[at]?.info.run_id, path],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        textOf(await readAll(fileAddress({ runId: runs[at]?.info.run_id ?? "" }, path), MOST_BYTES, signal)),
    })),
  });
  const error = before?.error ?? after?.error;
  return (
    <>
      <div className="read-choice">
        <RunChoice label="From" runs={runs} chosen={left} onChoose={(at) => setLeft(at ?? 0)} />
        <RunChoice label="To" runs={runs} chosen={right} onChoose={(at) => setRight(at ?? 0)} />
      </div>
      {error && <Problem error={error} />}
      {before?.data !== undefined && after?.data !== undefined && (
        <Suspense fallback={<p className="soft">Comparing…</p>}>
          <TextDifference before={before.data} after={after.data} />
        </Suspense>
      )}
    </>
  );
}
