/** Where the lines of axes stand that uPlot's own don't suit. */

const MANY = 8; // decades

/** 1, 2, … 9 of each power of ten within the range; powers alone where there are many. */
export function logPlaces(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const digits = last - first > MANY ? [1] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const places: number[] = [];
  for (let power = first; power <= last; power += 1)
    for (const digit of digits) {
      const place = Number(`${digit}e${power}`);
      if (place >= low && place <= high) places.push(place);
    }
  return places;
}

/** Which of them have a label; null: none. Powers of ten, every other one where there are many; 2 and 5 where few. */
export function logLabels(places: number[]): (number | null)[] {
  const powers = places.filter((place) => Number.isInteger(powerOf(place)));
  const every = Math.ceil(powers.length / MANY);
  return places.map((place) => {
    const power = powerOf(place);
    if (Number.isInteger(power)) return power % every === 0 ? place : null;
    return powers.length < 2 && /^[25]/.test(place.toExponential()) ? place : null;
  });
}

function powerOf(place: number): number {
  const power = Math.log10(place);
  const near = Math.round(power);
  return Math.abs(power - near) < 1e-9 ? near : power;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Distances between the lines of an axis of durations, in ms. */
export const DURATIONS: number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((each) => each * MINUTE),
  ...[1, 2, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 5, 10, 30, 100, 365, 1000, 3650].map((each) => each * DAY),
];

const UNITS: [string, number][] = [
  ["d", DAY],
  ["h", HOUR],
  ["min", MINUTE],
  ["s", SECOND],
  ["ms", 1],
];

/** The two largest units of a duration, without those that are zero: 90 s is "1 min 30 s", an hour "1 h". */
export function shortDuration(ms: number): string {
  let left = Math.abs(Math.round(ms));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? "0" : `${ms < 0 ? "−" : ""}${parts.join(" ")}`;
}

type Time = [number, string, ...(string | null)[], number];

/**
 * Labels of a time axis, as uPlot takes them: from which distance in ms on, the label, what is added where the year, the
 * month, the day, the hour, the minute, the second changes, and 1: added below.
 */
export const TIMES: Time[] = [
  [365 * DAY, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * DAY, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [DAY, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [MINUTE, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [SECOND, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [
    1,
    "{ss}.{fff}",
    "\n{D} {MMM} {YYYY} {HH}:{mm}",
    null,
    "\n{D} {MMM} {HH}:{mm}",
    null,
    "\n{HH}:{mm}",
    null,
    1,
  ],
];
