import { useQuery } from "@tanstack/react-query";
import { Problem } from "@/parts/Problem";
import type { PreviewProps } from "./index";
import { fileAt, ParquetRows } from "./parquet";
import { TableView } from "./TableView";

export default function ParquetPreview({ url }: PreviewProps) {
  const found = useQuery({
    queryKey: ["file-parquet", url],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const rows = await ParquetRows.open(await fileAt(url, signal));
      await rows.load(0, 0, signal);
      return rows;
    },
  });
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <p className="soft">Loading…</p>;
  const { row_groups: groups, created_by: by } = found.data.metadata;
  return (
    <>
      <TableView rows={found.data} />
      <p className="soft">
        {groups.length} row {groups.length === 1 ? "group" : "groups"}
        {by && `, written by ${by}`}
      </p>
    </>
  );
}
