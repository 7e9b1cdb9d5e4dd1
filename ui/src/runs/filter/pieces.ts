/** Text of a filter → its pieces, as the server reads them (src/headrace/query/lexer.py), but for text that isn't finished. */

export interface Piece {
  kind: "word" | "quoted" | "comparator" | "mark";
  /** Without quotes. */
  text: string;
  start: number;
  end: number;
  quote: string;
}

const PLAIN = /(\s+)|([=<>!]+)|([(),;])|([^\s=<>!(),;'"`]+)/y;

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    PLAIN.lastIndex = at;
    const match = PLAIN.exec(text);
    if (!match) {
      const piece = quotedPiece(text, at);
      found.push(piece);
      at = piece.end;
      continue;
    }
    const end = at + match[0].length;
    const kind = match[2] ? "comparator" : match[3] ? "mark" : match[4] ? "word" : undefined;
    if (kind) found.push({ kind, text: match[0], start: at, end, quote: "" });
    at = end;
  }
  return found;
}

/** Up to the quote that closes it, or to the end. A doubled quote, unless a backtick, is part of the text. */
function quotedPiece(text: string, start: number): Piece {
  const quote = text.charAt(start);
  let end = text.indexOf(quote, start + 1);
  while (quote !== "`" && end >= 0 && text.charAt(end + 1) === quote) end = text.indexOf(quote, end + 2);
  const closed = end >= 0;
  return {
    kind: "quoted",
    text: text.slice(start + 1, closed ? end : undefined),
    start,
    end: closed ? end + 1 : text.length,
    quote,
  };
}

export const keyword = (piece: Piece | undefined): string =>
  piece?.kind === "word" ? piece.text.toUpperCase() : "";
