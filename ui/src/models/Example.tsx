import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Scrolled } from "@/artifacts/Scrolled";
import { versionFile } from "./queries";

const ROWS = 5;
const LONGEST = 20_000; // characters shown

/** The input that was kept with the model, as a request has it. */
export function Example({ name, version, path }: { name: string; version: string; path: string }) {
  const file = useQuery(versionFile(name, version, path));
  const shown = useMemo(() => (file.data === undefined ? undefined : read(file.data)), [file.data]);
  if (file.error) return <p className="soft">It can't be read: {file.error.message}</p>;
  if (!shown) return null;
  if ("text" in shown)
    return (
      <Scrolled label="Input example" className="example">
        <pre>
          <code>{shown.text}</code>
        </pre>
      </Scrolled>
    );
  return (
    <Scrolled label="Input example" className="wide-list">
      <table className="list facts-list">
        <thead>
          <tr>
            {shown.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows never change places
            <tr key={at}>
              {row.map((value, column) => (
                <td key={shown.columns[column]}>
                  {typeof value === "string" ? value : JSON.stringify(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

type Shown = { text: string } | { columns: string[]; rows: unknown[][] };

function read(text: string): Shown {
  try {
    const body = JSON.parse(text) as { dataframe_split?: { columns?: unknown[]; data?: unknown[][] } };
    const split = body.dataframe_split;
    if (split?.columns && Array.isArray(split.data))
      return { columns: split.columns.map(String), rows: split.data.slice(0, ROWS) };
    return { text: cut(JSON.stringify(body, null, 2)) };
  } catch {
    return { text: cut(text) };
  }
}

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
