const LONGEST = 200;

/** What a description in Markdown says first, without its marks: for a line of a table. */
export function firstLine(markdown: string): string {
  const line = markdown.split("\n").find((each) => /[\p{L}\p{N}]/u.test(each)) ?? "";
  const said = line
    .replace(/^\s*(?:>\s*|#+\s+|[-+*]\s+)*/, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/(\*\*|~~|[*`])(\S(?:.*?\S)?)\1/g, "$2")
    .trim();
  return said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said;
}
