import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { readYaml } from "@/models/mlmodel";
import { Problem } from "@/parts/Problem";
import { fileAddress, type Root } from "../address";
import { kindOf } from "../kinds";
import { readAll, TooLong, textOf } from "../read";
import type { PreviewProps } from "./index";
import { JsonTree } from "./JsonTree";
import { isSplitTable, parseJson } from "./json";
import { cellOf, whole } from "./rows";
import { TableView } from "./TableView";
import TextPreview from "./TextPreview";

const MOST_BYTES = 20_000_000;
const MOST_YAML_BYTES = 2_000_000;

/** JSON and YAML as a tree; tables that were logged as JSON as tables. What can't be read so is shown as text. */
export default function JsonPreview(given: PreviewProps) {
  const { url, path, root } = given;
  const isYaml = kindOf(path) === "yaml";
  const found = useQuery({
    queryKey: ["file-value", url],
    retry: false,
    queryFn: async ({ signal }) => {
      const bytes = await readAll(url, isYaml ? MOST_YAML_BYTES : MOST_BYTES, signal);
      const text = textOf(bytes);
      try {
        return { value: isYaml ? await readYaml(text) : parseJson(text) };
      } catch (error) {
        return { failed: (error as Error).message.split("\n")[0] };
      }
    },
    structuralSharing: false,
  });
  if (found.error instanceof TooLong) return <TextPreview {...given} />;
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <p className="soft">Loading…</p>;
  if (found.data.failed !== undefined)
    return (
      <>
        <p className="soft">
          It isn't {isYaml ? "YAML" : "JSON"}: {found.data.failed}
        </p>
        <TextPreview {...given} />
      </>
    );
  const { value } = found.data;
  return isSplitTable(value) ? (
    <SplitTable value={value} root={root} />
  ) : (
    <JsonTree value={value} label={path} />
  );
}

function SplitTable({ value, root }: { value: { columns: string[]; data: unknown[][] }; root: Root }) {
  const rows = useMemo(
    () =>
      whole(
        value.columns.map((name) => ({ name })),
        value.data,
      ),
    [value],
  );
  return <TableView rows={rows} cell={(each) => <Cell value={each} root={root} />} />;
}

/** Pictures in a table are files of the run, told by their paths. */
function Cell({ value, root }: { value: unknown; root: Root }) {
  const picture = pathOfPicture(value);
  if (picture === undefined) return cellOf(value).slice(0, 400);
  return <img src={fileAddress(root, picture)} alt={picture} loading="lazy" />;
}

function pathOfPicture(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, compressed_filepath: small, filepath: full } = value as Record<string, unknown>;
  const path = small ?? full;
  return type === "image" && typeof path === "string" ? path : undefined;
}
