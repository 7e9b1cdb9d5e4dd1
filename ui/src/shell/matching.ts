/** Which titles fit what is typed into the palette, the best first. */

const WORD_START = 2;
const START = 3;
const INSIDE = 1;

/** 0: doesn't fit. Every word must be in the title. */
export function score(title: string, typed: string): number {
  const text = title.toLowerCase();
  let sum = 0;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    sum += at === 0 ? START : /[\s/_\-.:]/.test(text[at - 1] ?? "") ? WORD_START : INSIDE;
  }
  return sum || INSIDE;
}

export function fitting<T extends { title: string }>(all: readonly T[], typed: string): T[] {
  return all
    .map((each) => ({ each, fits: score(each.title, typed) }))
    .filter(({ fits }) => fits > 0)
    .sort((a, b) => b.fits - a.fits)
    .map(({ each }) => each);
}
