import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type Part, readAll, readPart, textOf } from "../read";

/** The start of a file. */
export const useHead = (url: string, bytes: number): UseQueryResult<Part> =>
  useQuery({ queryKey: ["file-head", url, bytes], queryFn: ({ signal }) => readPart(url, 0, bytes, signal) });

/** A file as text, if it has at most that many bytes; TooLong else. */
export const useText = (url: string, most: number): UseQueryResult<string> =>
  useQuery({
    queryKey: ["file-text", url, most],
    queryFn: async ({ signal }) => textOf(await readAll(url, most, signal)),
  });
