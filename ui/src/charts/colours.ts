/**
 * One colour a run, the same wherever it is shown and whoever looks. Sixteen hues in three tones; each has a contrast of
 * at least 3:1 on the light and on the dark surface.
 */

export const COLOURS = [
  ["#e64b58", "#df5707", "#bb710d", "#a27e12", "#878707", "#569205", "#069656", "#18937e"],
  ["#0a9197", "#088eaf", "#0a88d5", "#547af6", "#8a6cf0", "#b05fda", "#cc54b7", "#de4c8b"],
  ["#dc756a", "#d57c47", "#c58626", "#ac9118", "#8b9b31", "#61a253", "#26a676", "#19a497"],
  ["#0da2b2", "#039ed0", "#5396e0", "#7e8de4", "#a084dc", "#bb7bc9", "#ce76ae", "#d9738d"],
  ["#bd4049", "#b94808", "#9d5d03", "#86680d", "#707000", "#467901", "#097c47", "#047a68"],
  ["#11787d", "#0a7692", "#0a71b1", "#4666ca", "#725bc5", "#9150b3", "#a84797", "#b74073"],
].flat();

const known = new Map<string, string>();

/** By the run's id, or the name of a group. */
export function colourOf(id: string): string {
  let colour = known.get(id);
  if (colour === undefined) {
    colour = COLOURS[hash(id) % COLOURS.length] ?? "";
    known.set(id, colour);
  }
  return colour;
}

const HUES = 16;
const NEXT = 5; // hues further, and all come

/** Of names that stand side by side: their own colours, unless another one's hue is too near. */
export function coloursOf(names: string[]): Map<string, string> {
  const found = new Map<string, string>();
  const taken = new Set<number>();
  for (const name of [...names].sort()) {
    const own = hash(name) % COLOURS.length;
    const tone = Math.floor(own / HUES);
    let hue = own % HUES;
    const near = () => [HUES - 1, 0, 1].some((away) => taken.has((hue + away) % HUES));
    for (let tries = 0; tries < HUES && near(); tries += 1) hue = (hue + NEXT) % HUES;
    taken.add(hue);
    found.set(name, COLOURS[tone * HUES + hue] ?? "");
  }
  return found;
}

/** FNV-1a, mixed once more: ids that differ in one character get colours far apart. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  return (state ^ (state >>> 13)) >>> 0;
}
