import { lazy, Suspense, useMemo } from "react";
import { Markdown } from "@/parts/Markdown";
import { Problem } from "@/parts/Problem";
import { TooLong } from "../read";
import type { PreviewProps } from "./index";
import { type Cell, notebookOf, type Output } from "./notebook";
import { SafeFrame } from "./SafeFrame";
import TextPreview from "./TextPreview";
import { useText } from "./useFile";
import "./notebook.css";

const Highlighted = lazy(() => import("./Highlighted"));
const MOST_BYTES = 30_000_000;
const MOST_CELLS = 300;

export default function NotebookPreview(given: PreviewProps) {
  const found = useText(given.url, MOST_BYTES);
  const book = useMemo(() => {
    try {
      return found.data === undefined ? undefined : notebookOf(JSON.parse(found.data));
    } catch (error) {
      return error as Error;
    }
  }, [found.data]);
  if (found.error instanceof TooLong || book instanceof Error) return <TextPreview {...given} />;
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  if (!book) return <p className="soft">Loading…</p>;
  return (
    <div className="notebook">
      {book.cells.slice(0, MOST_CELLS).map((cell, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: cells of a file have places, not always ids
        <CellView key={at} cell={cell} language={book.language} />
      ))}
      {book.cells.length === 0 && <p className="soft">The notebook has no cells.</p>}
      {book.cells.length > MOST_CELLS && (
        <p className="soft">{book.cells.length - MOST_CELLS} more cells are in the file.</p>
      )}
    </div>
  );
}

function CellView({ cell, language }: { cell: Cell; language: string }) {
  if (cell.kind === "markdown")
    return (
      <div className="cell">
        <Markdown text={cell.text} />
      </div>
    );
  return (
    <div className="cell code">
      <span className="cell-count soft">[{cell.count ?? " "}]</span>
      <pre className="cell-source">
        <code>
          <Suspense fallback={cell.text}>
            <Highlighted text={cell.text} language={language} />
          </Suspense>
        </code>
      </pre>
      {cell.outputs.map((output, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: outputs of a file have places, not ids
        <div key={at} className="cell-output">
          <OutputView output={output} />
        </div>
      ))}
    </div>
  );
}

function OutputView({ output }: { output: Output }) {
  switch (output.kind) {
    case "text":
      return <pre className={output.tone}>{output.text}</pre>;
    case "picture":
      return <img src={output.source} alt="Output of the cell" />;
    case "html":
      return <SafeFrame html={output.html} title="Output of the cell" fits />;
    case "markdown":
      return <Markdown text={output.text} />;
    default:
      return <p className="soft">An output that isn't shown: {output.types.join(", ") || "empty"}</p>;
  }
}
