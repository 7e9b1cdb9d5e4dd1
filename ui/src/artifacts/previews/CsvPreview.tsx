import { useQuery } from "@tanstack/react-query";
import { Problem } from "@/parts/Problem";
import { endingOf } from "../kinds";
import { readPart } from "../read";
import { CsvRows } from "./csv";
import type { PreviewProps } from "./index";
import { TableView } from "./TableView";

const GIVEN: Record<string, string> = { tsv: "\t", tab: "\t" };

export default function CsvPreview({ url, path }: PreviewProps) {
  const found = useQuery({
    queryKey: ["file-csv", url],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    queryFn: ({ signal }) =>
      new CsvRows((start, end, cut) => readPart(url, start, end, cut), GIVEN[endingOf(path)]).open(signal),
  });
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  return found.data ? <TableView rows={found.data} /> : <p className="soft">Loading…</p>;
}
