import { Problem } from "@/parts/Problem";
import { TooLong } from "../read";
import type { PreviewProps } from "./index";
import { SafeFrame } from "./SafeFrame";
import TextPreview from "./TextPreview";
import { useText } from "./useFile";

const MOST_BYTES = 10_000_000;

export default function HtmlPreview(given: PreviewProps) {
  const found = useText(given.url, MOST_BYTES);
  if (found.error instanceof TooLong) return <TextPreview {...given} />;
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  if (found.data === undefined) return <p className="soft">Loading…</p>;
  return (
    <>
      <p className="soft">Shown without its scripts. To run them, download the file and open it.</p>
      <SafeFrame html={found.data} title={given.path} />
    </>
  );
}
