/** Numbers that look like chance and are the same each time: the same runs give the same picture. */

export type Random = () => number;

/** Mulberry32: from 0 to below 1. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const below = (random: Random, limit: number): number => Math.floor(random() * limit);

/** In place. */
export function shuffled<T extends { length: number; [at: number]: number }>(values: T, random: Random): T {
  for (let at = values.length - 1; at > 0; at -= 1) {
    const other = below(random, at + 1);
    const kept = values[at] ?? 0;
    values[at] = values[other] ?? 0;
    values[other] = kept;
  }
  return values;
}
