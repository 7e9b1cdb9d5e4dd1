/** What this browser remembers: the columns of an experiment, and the filters that were used last. */

import { store, stored } from "@/parts/stored";

const COLUMNS = "headrace.columns.";
const GUESSES = "headrace.first-columns.";
const FILTERS = "headrace.filters";
const MOST_FILTERS = 20;
const MOST_EXPERIMENTS = 200;

const texts = (given: unknown): string[] =>
  Array.isArray(given) ? given.filter((each): each is string => typeof each === "string") : [];

export function keptColumns(experimentId: string): string[] | undefined {
  const found = stored(COLUMNS + experimentId);
  return found === null ? undefined : texts(found);
}

export const keepColumns = (experimentId: string, columns: string[]): void =>
  keepFew(COLUMNS, experimentId, columns);

export const forgetColumns = (experimentId: string): void => localStorage.removeItem(COLUMNS + experimentId);

function keepFew(kind: string, experimentId: string, columns: string[]): void {
  const others = Object.keys(localStorage).filter((key) => key.startsWith(kind));
  if (others.length >= MOST_EXPERIMENTS) for (const key of others) localStorage.removeItem(key);
  store(kind + experimentId, columns);
}

/** What suited the runs when somebody looked last: shown until it is known what suits them now. */
export function guessedColumns(experimentId: string): string[] | undefined {
  const found = stored(GUESSES + experimentId);
  return found === null ? undefined : texts(found);
}

export const keepGuess = (experimentId: string, columns: string[]): void =>
  keepFew(GUESSES, experimentId, columns);

export const lastFilters = (): string[] => texts(stored(FILTERS));

export function keepFilter(filter: string): void {
  if (!filter) return;
  store(FILTERS, [filter, ...lastFilters().filter((each) => each !== filter)].slice(0, MOST_FILTERS));
}
