/** A line of CSV (RFC 4180). */

/** Excel and others run what begins like a formula; a leading quote makes it text. Numbers stay numbers. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function csvLine(fields: (string | number)[]): string {
  return `${fields.map(csvField).join(",")}\r\n`;
}

function csvField(field: string | number): string {
  if (typeof field === "number") return String(field);
  const safe = FORMULA.test(field) && !NUMBER.test(field) && field !== "-Infinity" ? `'${field}` : field;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
