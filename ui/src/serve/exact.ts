/** JSON whose whole numbers stay as they were written, beyond 2^53 too. */

const MARK = "\u0000";
const MARKED = new RegExp(`^${MARK}-?\\d+$`);
const STRINGS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Whole numbers that a number can't hold become BigInts. */
export function parsed(text: string): unknown {
  const marked = text.replace(STRINGS_AND_NUMBERS, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0000${token}"` : token,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && MARKED.test(value) ? BigInt(value.slice(1)) : value,
  );
}

/** As JSON text, in one line; BigInts as the numbers they are. */
export function written(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, each]) => `${JSON.stringify(key)}: ${written(each)}`)
      .join(", ")}}`;
  return JSON.stringify(value) ?? "null";
}

const TOKENS = /"(?:[^"\\]|\\.)*"|\s+|\{\s*\}|\[\s*\]|[{}[\],:]/g;

/** Indented without being parsed: numbers stay as they were written, and NaN is no trouble. */
export function pretty(text: string): string {
  let depth = 0;
  const line = (by: number) => {
    depth += by;
    return `\n${"  ".repeat(Math.max(0, depth))}`;
  };
  return text.replace(TOKENS, (token) => {
    if (token[0] === '"') return token;
    if (token.trim() === "") return "";
    if (token.length > 1) return `${token[0]}${token.at(-1)}`;
    if (token === ",") return `,${line(0)}`;
    if (token === ":") return ": ";
    return "{[".includes(token) ? token + line(1) : line(-1) + token;
  });
}
