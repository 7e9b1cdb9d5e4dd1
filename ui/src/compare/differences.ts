/** What differs between runs, and how a number stands among those of its row. */

export type Better = "higher" | "lower";

/** A value that is missing is a value of its own. */
export function differ(values: readonly (string | undefined)[]): boolean {
  return values.some((value) => value !== values[0]);
}

/**
 * Which cells stand out: those unlike the baseline's, else unlike the value that more than half have. Without either
 * nothing stands out; the row as a whole differs.
 */
export function standOut(values: readonly (string | undefined)[], baseline?: number): boolean[] {
  const usual = baseline === undefined ? mostHave(values) : { value: values[baseline] };
  return values.map((value) => usual !== undefined && value !== usual.value);
}

function mostHave(values: readonly (string | undefined)[]): { value: string | undefined } | undefined {
  const counts = new Map<string | undefined, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) if (count * 2 > values.length) return { value };
  return undefined;
}

type Numbers = readonly (number | undefined)[];

const finite = (values: Numbers): number[] =>
  values.filter((value): value is number => value !== undefined && Number.isFinite(value));

/** From 0 to 1 by size, or by how good it is where that is known; undefined where there is nothing to tell apart. */
export function shades(values: Numbers, better?: Better): (number | undefined)[] {
  const known = finite(values);
  const low = Math.min(...known);
  const high = Math.max(...known);
  return values.map((value) => {
    if (value === undefined || !Number.isFinite(value) || low === high) return undefined;
    // Halves, since the distance of two doubles may be infinite.
    const place = (value / 2 - low / 2) / (high / 2 - low / 2);
    return better === "lower" ? 1 - place : place;
  });
}

/** The best of a row: several when they are equal, none while nobody has said which way is better, or all are equal. */
export function best(values: Numbers, better?: Better): boolean[] {
  const known = finite(values);
  const top = better === "higher" ? Math.max(...known) : Math.min(...known);
  const told = better !== undefined && known.some((value) => value !== top);
  return values.map((value) => told && value === top);
}

/** A number's distance from that of the baseline, with its share where that means something. */
export function deltaText(value: number | undefined, base: number | undefined): string {
  if (value === undefined || base === undefined || !Number.isFinite(value) || !Number.isFinite(base))
    return "";
  const delta = value - base;
  if (delta === 0) return "=";
  const sign = delta > 0 ? "+" : "−";
  const share = base === 0 ? Number.POSITIVE_INFINITY : Math.abs(delta / base);
  const percent = share < 10 ? ` (${sign}${short(100 * share)} %)` : "";
  return `${sign}${short(Math.abs(delta))}${percent}`;
}

function short(size: number): string {
  return size >= 1e6 || size < 1e-4 ? size.toExponential(1) : String(Number(size.toPrecision(3)));
}

export const nextBetter = (now: Better | undefined): Better | undefined =>
  ({ none: "higher", higher: "lower", lower: undefined })[now ?? "none"] as Better | undefined;
