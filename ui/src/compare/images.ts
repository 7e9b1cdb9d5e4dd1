/**
 * Images over steps, found by their names: those of `log_image(key, step)`, which lie in `images/`, and files of any
 * folder that differ in a number, as `samples/epoch_10.png` and `samples/epoch_20.png` do.
 */

export interface Picture {
  path: string;
  step: number;
  /** When it was logged, where its name tells. */
  timestamp?: number;
}

/** Pictures by step, one a step. */
export type Series = Map<string, Picture[]>;

const IMAGE = /\.(png|jpe?g|gif|webp|svg|bmp|avif)$/i;
const SMALL = /[+%]compressed\.webp$/;
// MLflow wrote % and # before 2.15, and + and ~ since.
const LOGGED = /^images\/(.+?)([+%])step\2(-?\d+)\2timestamp\2(\d+)\2[^/]*$/;
const NUMBER = /\d+(?!.*\d)/;

export const isImage = (path: string): boolean => IMAGE.test(path);

export function seriesOf(paths: readonly string[]): Series {
  const found: Series = new Map();
  for (const path of paths) {
    if (!isImage(path) || SMALL.test(path)) continue;
    const [name, picture] = placed(path);
    found.set(name, [...(found.get(name) ?? []), picture]);
  }
  for (const [name, pictures] of found) found.set(name, oneEach(pictures));
  return found;
}

function placed(path: string): [series: string, picture: Picture] {
  const logged = path.match(LOGGED);
  if (logged) {
    const [, key = "", separator, step, timestamp] = logged;
    const name = key.replaceAll(separator === "%" ? "#" : "~", "/");
    return [name, { path, step: Number(step), timestamp: Number(timestamp) }];
  }
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const file = path.slice(folder.length);
  const stem = file.replace(IMAGE, "");
  const number = stem.match(NUMBER)?.[0];
  if (number === undefined) return [path, { path, step: 0 }];
  return [folder + stem.replace(NUMBER, "*") + file.slice(stem.length), { path, step: Number(number) }];
}

/** Of those of one step, what was logged last. */
function oneEach(pictures: Picture[]): Picture[] {
  const bySteps = new Map<number, Picture>();
  for (const picture of pictures) {
    const before = bySteps.get(picture.step);
    if (!before || (picture.timestamp ?? 0) >= (before.timestamp ?? 0)) bySteps.set(picture.step, picture);
  }
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}

/** Every step at which any has a picture, in order. */
export const stepsOf = (all: readonly (readonly Picture[])[]): number[] =>
  [...new Set(all.flatMap((pictures) => pictures.map((picture) => picture.step)))].sort((a, b) => a - b);

/** The picture of a step, else the last before it. */
export const pictureAt = (pictures: readonly Picture[], step: number): Picture | undefined =>
  pictures.findLast((picture) => picture.step <= step);
