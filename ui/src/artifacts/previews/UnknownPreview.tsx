import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { Facts } from "@/parts/Facts";
import { Problem } from "@/parts/Problem";
import { exactTime } from "@/parts/times";
import type { Root } from "../address";
import { looksLikeText } from "../read";
import { Scrolled } from "../Scrolled";
import { sizeText } from "../sizes";
import { formatOf, hexLines } from "./hex";
import type { PreviewProps } from "./index";
import TextPreview from "./TextPreview";
import { useHead } from "./useFile";

const HEAD_BYTES = 4_096;

/** Text if it looks like it; else the first bytes, and what is known of it. */
export default function UnknownPreview(given: PreviewProps) {
  const head = useHead(given.url, HEAD_BYTES);
  const recorded = useRecorded(given.root, given.path);
  if (head.error) return <Problem error={head.error} retry={() => head.refetch()} />;
  if (!head.data) return <p className="soft">Loading…</p>;
  if (looksLikeText(head.data.bytes)) return <TextPreview {...given} />;
  return (
    <>
      <Facts
        facts={[
          ["Size", `${sizeText(head.data.total)} (${head.data.total.toLocaleString("en")} bytes)`],
          ["Looks like", formatOf(head.data.bytes)],
          ["SHA-256", recorded?.sha256],
          ["Stored", exactTime(recorded?.recorded_ms)],
        ]}
      />
      <Scrolled className="lines" label="First bytes">
        <pre>{hexLines(head.data.bytes).join("\n")}</pre>
      </Scrolled>
      {head.data.total > HEAD_BYTES && <p className="soft">The first {sizeText(HEAD_BYTES)} are shown.</p>}
    </>
  );
}

/** The digest that the server took while the file passed. */
function useRecorded(root: Root, path: string) {
  const found = useQuery({
    queryKey: ["artifacts", "manifest", root, path],
    enabled: !("name" in root),
    queryFn: ({ signal }) =>
      call(
        "artifacts.manifest",
        "runId" in root
          ? { run_id: root.runId, path }
          : { model_id: "modelId" in root ? root.modelId : "", path },
        signal,
      ),
  });
  return found.data?.entries?.find((entry) => entry.path === path);
}
