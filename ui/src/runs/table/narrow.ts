import { useSyncExternalStore } from "react";

const narrow = window.matchMedia("(max-width: 640px)");

function listen(listener: () => void): () => void {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
}

/** There is room for a name and little beside it. */
export const useNarrow = (): boolean => useSyncExternalStore(listen, () => narrow.matches);
