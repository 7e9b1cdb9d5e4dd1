/** What may stand where the cursor is: a name, an operator, a value, or AND. */

import { keyword, type Piece, pieces } from "./pieces";

export interface Field {
  part: "metrics" | "params" | "tags" | "attributes";
  key: string;
}

export interface Cursor {
  expects: "name" | "operator" | "value" | "and";
  /** What a choice replaces. */
  from: number;
  to: number;
  /** What is typed of it, without quotes. */
  typed: string;
  field?: Field;
  /** A list is open: after IN. */
  inList?: boolean;
}

const PARTS: Record<string, Field["part"]> = {
  metrics: "metrics",
  metric: "metrics",
  params: "params",
  param: "params",
  parameters: "params",
  parameter: "params",
  tags: "tags",
  tag: "tags",
  attributes: "attributes",
  attribute: "attributes",
  attr: "attributes",
  run: "attributes",
};
const TWO_WORDS = new Set(["NOT", "IS", "IS NOT"]);
const WITHOUT_VALUE = new Set(["IS NULL", "IS NOT NULL"]);

/** "params.`learning rate`" is the param "learning rate"; a name without a dot is an attribute. */
export function fieldOfPieces(name: Piece[]): Field {
  const whole = name.map((piece) => piece.text).join("");
  const dot = whole.indexOf(".");
  const part = dot < 0 ? undefined : PARTS[whole.slice(0, dot).toLowerCase()];
  return part ? { part, key: whole.slice(dot + 1) } : { part: "attributes", key: whole };
}

export function cursorAt(text: string, caret: number): Cursor {
  const all = pieces(text);
  const here: Cursor = { expects: "name", from: caret, to: caret, typed: "" };
  let at = 0;
  const touches = (piece: Piece | undefined): boolean =>
    piece !== undefined && piece.start < caret && caret <= piece.end;
  const within = (expects: Cursor["expects"], first: Piece, last: Piece, field?: Field): Cursor => ({
    expects,
    from: first.start,
    to: last.end,
    typed: text.slice(first.start, caret).replace(/^['"`]/, ""),
    field,
  });
  while (at < all.length) {
    const nameStart = all[at] as Piece;
    if (nameStart.start >= caret) return here;
    const name = [nameStart];
    while (all[at + name.length]?.start === name.at(-1)?.end && isNamePiece(all[at + name.length]))
      name.push(all[at + name.length] as Piece);
    at += name.length;
    if (name.some(touches)) {
      const typed = text.slice(nameStart.start, caret).replaceAll(/['"`]/g, "");
      return { ...within("name", nameStart, name.at(-1) as Piece), typed };
    }
    const field = fieldOfPieces(name);

    const operator: Piece[] = [];
    let said = "";
    while (at < all.length && (operator.length === 0 || TWO_WORDS.has(said))) {
      const piece = all[at] as Piece;
      if (piece.start >= caret) break;
      operator.push(piece);
      said = said ? `${said} ${keyword(piece)}` : keyword(piece) || piece.text;
      at += 1;
    }
    const first = operator[0];
    if (!first) return { ...here, expects: "operator", field };
    if (operator.some(touches)) return within("operator", first, operator.at(-1) as Piece, field);
    if (TWO_WORDS.has(said))
      return { ...within("operator", first, operator.at(-1) as Piece, field), to: caret };

    if (!WITHOUT_VALUE.has(said)) {
      const value = all[at];
      if (!value || value.start >= caret) return { ...here, expects: "value", field };
      if (value.kind === "mark" && value.text === "(") {
        at += 1;
        for (; at < all.length && (all[at] as Piece).start < caret; at += 1) {
          const piece = all[at] as Piece;
          if (piece.text === ")" && piece.kind === "mark") break;
          if (touches(piece) && piece.kind !== "mark")
            return { ...within("value", piece, piece, field), inList: true };
        }
        const last = all[at];
        if (!last || last.start >= caret) return { ...here, expects: "value", field, inList: true };
        at += 1;
      } else {
        at += 1;
        const open = value.kind === "quoted" && value.end - value.start < value.text.length + 2;
        if (
          value.start < caret &&
          (caret < value.end || open || (caret === value.end && value.kind === "word"))
        )
          return within("value", value, value, field);
      }
    }
    const and = all[at];
    if (!and || and.start >= caret) return { ...here, expects: "and" };
    if (touches(and)) return within("and", and, and);
    at += 1;
  }
  return here;
}

const isNamePiece = (piece: Piece | undefined): boolean => piece?.kind === "word" || piece?.kind === "quoted";
