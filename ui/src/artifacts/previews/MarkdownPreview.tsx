import { Markdown } from "@/parts/Markdown";
import { Problem } from "@/parts/Problem";
import { TooLong } from "../read";
import type { PreviewProps } from "./index";
import TextPreview from "./TextPreview";
import { useText } from "./useFile";

const MOST_BYTES = 200_000;

export default function MarkdownPreview(given: PreviewProps) {
  const found = useText(given.url, MOST_BYTES);
  if (found.error instanceof TooLong) return <TextPreview {...given} />;
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  return found.data === undefined ? <p className="soft">Loading…</p> : <Markdown text={found.data} />;
}
