import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { call } from "@/api/call";
import { runKeys, type Scope } from "../queries";
import type { Part } from "../values";
import type { Cursor } from "./cursor";
import { type Known, type Suggestion, suggestions, wantedKeys, wantedValues } from "./suggest";

const PAUSE_MS = 120;
const MOST_VALUES = 200;

/** What can stand at the cursor; keys and values are asked for once the typing pauses. */
export function useSuggestions(scope: Scope, cursor: Cursor | undefined): Suggestion[] {
  const { parts, contains } = wantedKeys(cursor);
  const settled = useSettled(contains);
  // Each by itself: what was found before then stays offered, and marked, until the next answer is there.
  const metrics = useQuery({
    ...runKeys(scope.experimentId, "metrics", settled),
    enabled: parts.includes("metrics"),
  });
  const params = useQuery({
    ...runKeys(scope.experimentId, "params", settled),
    enabled: parts.includes("params"),
  });
  const tags = useQuery({ ...runKeys(scope.experimentId, "tags", settled), enabled: parts.includes("tags") });
  const found: Record<Part, string[] | undefined> = {
    metrics: metrics.data?.keys,
    params: params.data?.keys,
    tags: tags.data?.keys,
  };
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
  for (const part of parts) known.keys[part] = found[part]?.filter((key) => key.toLowerCase().includes(text));
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
