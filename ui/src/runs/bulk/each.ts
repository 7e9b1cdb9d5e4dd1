/** One call for each of many, a few at a time; those that fail are told by name, and don't stop the others. */

export interface Failure<T = unknown> {
  one?: T;
  name: string;
  error: Error;
}

export interface Outcome<T> {
  done: number;
  failures: Failure<T>[];
  /** Not begun, since somebody cancelled. */
  left: number;
}

const AT_ONCE = 6;

export async function each<T>(
  all: T[],
  nameOf: (one: T) => string,
  act: (one: T) => Promise<unknown>,
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<Outcome<T>> {
  const failures: Failure<T>[] = [];
  let next = 0;
  let ended = 0;
  const worker = async () => {
    while (next < all.length && !signal.aborted) {
      const one = all[next] as T;
      next += 1;
      try {
        await act(one);
      } catch (error) {
        failures.push({ one, name: nameOf(one), error: error as Error });
      }
      ended += 1;
      onProgress(ended);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
  return { done: ended - failures.length, failures, left: all.length - ended };
}
