import { useCallback, useEffect, useState } from "react";
import { fileAddress, type Root } from "@/artifacts/address";
import { readPart } from "@/artifacts/read";
import { LogTail } from "./tail";

const EVERY_MS = 2_000;

interface Shown {
  lines: string[];
  start: number;
  total: number;
}

/** A log as far as it was read. following: what is written meanwhile is added. */
export function useTail(root: Root, path: string, following: boolean) {
  const url = fileAddress(root, path);
  const [tail, setTail] = useState<LogTail>();
  const [shown, setShown] = useState<Shown>();
  const [error, setError] = useState<Error>();

  useEffect(() => {
    const over = new AbortController();
    const made = new LogTail((start, end, signal) => readPart(url, start, end, signal));
    setShown(undefined);
    setError(undefined);
    made
      .read(over.signal)
      .then(() => {
        setTail(made);
        setShown({ lines: made.lines, start: made.start, total: made.total });
      })
      .catch((failed: Error) => over.signal.aborted || setError(failed));
    return () => over.abort();
  }, [url]);

  useEffect(() => {
    if (!tail || !following) return;
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        if (!document.hidden && (await tail.follow(over.signal)))
          setShown({ lines: tail.lines, start: tail.start, total: tail.total });
      } catch {
        // A server that is gone is told at the top of the page; the next look may find it.
      }
      if (!over.signal.aborted) timer = setTimeout(look, EVERY_MS);
    };
    timer = setTimeout(look, EVERY_MS);
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [tail, following]);

  const earlier = useCallback(async () => {
    if (!tail) return;
    try {
      await tail.earlier();
      setShown({ lines: tail.lines, start: tail.start, total: tail.total });
    } catch (failed) {
      setError(failed as Error);
    }
  }, [tail]);
  return { shown, error, earlier };
}
