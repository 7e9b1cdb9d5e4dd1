import { useCallback, useEffect, useRef, useState } from "react";
import { addressOf, type Select, type Selected, selectedIn } from "./selection";

/** Held keys select thirty runs a second: the address is written when they rest. */
const REST_MS = 100;

/**
 * What is selected is shown at once, and the address follows, where it isn't too much for it. What the address says
 * otherwise (Back, Forward, a link) is selected.
 */
export function useSelection(
  address: string | undefined,
  onAddress: (address: string | undefined) => void,
): [Selected, Select] {
  const [selected, setSelected] = useState(() => selectedIn(address));
  const latest = useRef(selected);
  const seen = useRef(address);
  const written = useRef<(string | undefined)[]>([]); // and not seen yet
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useEffect(() => {
    if (seen.current === address) return;
    seen.current = address;
    const at = written.current.indexOf(address);
    if (at >= 0) {
      written.current.splice(0, at + 1);
      return;
    }
    clearTimeout(timer.current);
    written.current = [];
    latest.current = selectedIn(address);
    setSelected(latest.current);
  }, [address]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const select: Select = useCallback(
    (next) => {
      latest.current = typeof next === "function" ? next(latest.current) : next;
      setSelected(latest.current);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        const now = addressOf(latest.current);
        if (now === (written.current.length > 0 ? written.current.at(-1) : seen.current)) return;
        written.current.push(now);
        onAddress(now);
      }, REST_MS);
    },
    [onAddress],
  );
  return [selected, select];
}
