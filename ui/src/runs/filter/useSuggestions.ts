import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { call } from "@/api/call";
import { runKeys, type Scope } from "../queries";
import type { Part } from "../values";
import type { Cursor } from "./cursor";
import { type Known, type Suggestion, suggestions, wantedKeys, wantedValues } from "./suggest";

const PAUSE_MS = 120;
const MOST_VALUES = 200;
const PARTS: Part[] = ["metrics", "params", "tags"];

/** What can stand at the cursor; keys and values are asked for once the typing pauses. */
export function useSuggestions(scope: Scope, cursor: Cursor | undefined): Suggestion[] {
  const { parts, contains } = wantedKeys(cursor);
  const settled = useSettled(contains);
  const found = useQueries({
    queries: PARTS.map((part) => ({
      ...runKeys(scope.experimentId, part, settled),
      enabled: parts.includes(part),
    })),
  });
  const field = wantedValues(cursor);
  const id = field ? `${field.part}.${field.key}` : "";
  const values = useQuery({
    queryKey: ["run-values", scope.experimentId, id],
    enabled: id !== "",
    staleTime: 30_000,
    queryFn: async ({ signal }) => {
      const { groups = [] } = await call(
        "runs.aggregate",
        { experiment_ids: [scope.experimentId], group_by: [id], max_results: MOST_VALUES },
        signal,
      );
      return groups.map((group) => group.values[0]).filter((value) => typeof value === "string");
    },
  });
  if (!cursor) return [];
  const known: Known = { keys: {}, values: values.data ?? [] };
  const text = contains.toLowerCase();
  for (const [at, part] of PARTS.entries())
    known.keys[part] = parts.includes(part)
      ? found[at]?.data?.keys?.filter((key) => key.toLowerCase().includes(text))
      : [];
  return suggestions(cursor, known);
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
