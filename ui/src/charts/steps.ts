/** Zoom by keys: + and − come closer and go back, arrows move, 0 shows all. */

type Range = [number, number];

const CLOSER = 0.5;
const MOVED = 0.25; // of the range

/** The next range; null: all there is; undefined: the key means nothing. */
export function rangeAfter(key: string, [low, high]: Range, [first, last]: Range): Range | null | undefined {
  const width = high - low;
  const middle = (low + high) / 2;
  if (key === "0") return null;
  if (key === "+" || key === "=") return around(middle, width * CLOSER);
  if (key === "-")
    return width / CLOSER >= last - first ? null : held(around(middle, width / CLOSER), first, last);
  if (key === "ArrowLeft") return held([low - width * MOVED, high - width * MOVED], first, last);
  if (key === "ArrowRight") return held([low + width * MOVED, high + width * MOVED], first, last);
  return undefined;
}

function around(middle: number, width: number): Range {
  return [middle - width / 2, middle + width / 2];
}

/** Within the ends, without getting narrower. */
function held([low, high]: Range, first: number, last: number): Range {
  const shift = low < first ? first - low : high > last ? last - high : 0;
  return [Math.max(first, low + shift), Math.min(last, high + shift)];
}
