/** Ids as they come, told together: the first at once, the next after a while. */
export function gathered(
  tell: (ids: string[]) => void,
  everyMs: number,
): { add: (ids: string[]) => void; stop: () => void } {
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  const out = () => {
    timer = undefined;
    last = Date.now();
    const ids = [...waiting];
    waiting.clear();
    tell(ids);
  };
  return {
    add: (ids) => {
      for (const id of ids) waiting.add(id);
      timer ??= setTimeout(out, Math.max(0, last + everyMs - Date.now()));
    },
    stop: () => clearTimeout(timer),
  };
}
