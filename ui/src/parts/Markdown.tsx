import { lazy, Suspense } from "react";
import "./markdown.css";

const MarkdownText = lazy(() => import("./MarkdownText"));
const LONGEST = 200_000; // characters; a page of more takes seconds to lay out

/** What people wrote about a thing. Nothing in it runs, and nothing is fetched from elsewhere. */
export function Markdown({ text }: { text: string }) {
  const plain = <div className="markdown plain">{text}</div>;
  if (text.length > LONGEST) return plain;
  return (
    <Suspense fallback={plain}>
      <MarkdownText text={text} />
    </Suspense>
  );
}
