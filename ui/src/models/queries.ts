import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call } from "@/api/call";
import { nameFilter, quoted } from "@/api/filters";

const PAGE = 100;
const EVENTS = 50;

export const modelPages = (text: string) =>
  infiniteQueryOptions({
    queryKey: ["models", text],
    queryFn: ({ pageParam, signal }) =>
      call(
        "registered-models.search",
        {
          filter: nameFilter(text) || undefined,
          max_results: PAGE,
          order_by: ["last_updated_timestamp DESC"],
          page_token: pageParam || undefined,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    placeholderData: (before) => before,
  });

export const modelOf = (name: string) =>
  queryOptions({
    queryKey: ["model", name],
    queryFn: ({ signal }) => call("registered-models.get", { name }, signal),
  });

export const versionPages = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["model", name, "versions"],
    queryFn: ({ pageParam, signal }) =>
      call(
        "model-versions.search",
        {
          filter: `name = ${quoted(name)}`,
          max_results: PAGE,
          order_by: ["version_number DESC"],
          page_token: pageParam || undefined,
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
  });

export const historyOf = (name: string) =>
  queryOptions({
    queryKey: ["model", name, "history"],
    queryFn: ({ signal }) => call("registered-models.history", { name, max_results: EVENTS }, signal),
  });

export const versionOf = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model", name, "version", version],
    queryFn: ({ signal }) => call("model-versions.get", { name, version }, signal),
  });
