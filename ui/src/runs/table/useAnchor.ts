import { type RefObject, useLayoutEffect, useRef } from "react";
import type { Line } from "../lines";
import { ROW_PX } from "./Row";

const NEAR = 2_000;

/**
 * Keeps what one looks at where it is when lines come or go above it. At the top new runs come into sight instead.
 */
export function useAnchor(frame: RefObject<HTMLDivElement | null>, lines: Line[]): void {
  const before = useRef(lines);
  useLayoutEffect(() => {
    const was = before.current;
    before.current = lines;
    const element = frame.current;
    if (!element || was === lines || element.scrollTop < ROW_PX) return;
    const at = Math.floor(element.scrollTop / ROW_PX);
    const key = was[at]?.key;
    if (key === undefined || lines[at]?.key === key) return;
    for (let away = 1; away < NEAR; away += 1) {
      const step = lines[at + away]?.key === key ? away : lines[at - away]?.key === key ? -away : 0;
      if (step === 0) continue;
      element.scrollTop += step * ROW_PX;
      return;
    }
  }, [frame, lines]);
}
