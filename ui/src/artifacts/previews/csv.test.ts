import { expect, test } from "vitest";
import { CsvRows, lastRowEnd } from "./csv";
import { cellOf, Kept } from "./rows";

const bytes = (text: string) => new TextEncoder().encode(text);

function file(text: string) {
  const content = bytes(text);
  const asked: [number, number][] = [];
  const fetch = async (start: number, end: number) => {
    asked.push([start, end]);
    return { bytes: content.slice(start, end), total: content.length };
  };
  return { fetch, asked };
}

const COMMA = 0x2c;

test.each([
  ["a,b\nc,d", 4],
  ["a,b\nc,d\n", 8],
  ["no row end", 0],
  ['a,"x\ny', 0],
  ['a,"x\ny"\nb', 8],
  ['a,"x""\n"\nb', 9],
  ['5" pipe,1\nb', 10],
  ["a\rb\rc", 4],
  ["a\r\nb", 3],
])("%j holds whole rows up to %i", (text, end) => {
  expect(lastRowEnd(bytes(text), COMMA)).toBe(end);
});

test("rows are read by pieces, and each once while it is kept", async () => {
  const lines = Array.from({ length: 200 }, (_, at) => `${at},"say ""hi"",\nthere ${at}",é`);
  const { fetch, asked } = file(`id,text,accent\n${lines.join("\n")}\n`);
  const rows = await new CsvRows(fetch, undefined, 500).open();
  expect(rows.columns.map((each) => each.name)).toEqual(["id", "text", "accent"]);
  expect(rows.ended).toBe(false);
  expect(asked).toHaveLength(1);
  await rows.load(0, 100);
  expect(rows.row(100)).toEqual(["100", 'say "hi",\nthere 100', "é"]);
  const before = asked.length;
  await rows.load(95, 100);
  expect(asked).toHaveLength(before);
  await rows.load(0, 1_000);
  expect([rows.known, rows.ended]).toEqual([200, true]);
  expect(rows.row(0)).toBeUndefined();
  await rows.load(0, 3);
  expect(rows.row(3)?.[0]).toBe("3");
});

test("a row longer than a piece is read whole", async () => {
  const long = "x".repeat(3_000);
  const rows = await new CsvRows(file(`a,b\n${long},1\ny,2\n`).fetch, undefined, 100).open();
  await rows.load(0, 10);
  expect([rows.row(0), rows.row(1)]).toEqual([
    [long, "1"],
    ["y", "2"],
  ]);
});

test("an empty file, and one of a header alone, are tables without rows", async () => {
  for (const [text, columns] of [
    ["", 0],
    ["a,b\n", 2],
  ] as const) {
    const rows = await new CsvRows(file(text).fetch).open();
    expect([rows.columns.length, rows.known, rows.ended]).toEqual([columns, 0, true]);
  }
});

test("the delimiter is found, also behind a byte order mark", async () => {
  const rows = await new CsvRows(file("\ufeffa;b;c\n1;2;3\n4;5;6\n").fetch).open();
  expect(rows.columns.map((each) => each.name)).toEqual(["a", "b", "c"]);
});

test("what was used longest ago is forgotten", () => {
  const kept = new Kept<string>(2);
  kept.set(1, "one");
  kept.set(2, "two");
  kept.get(1);
  kept.set(3, "three");
  expect([kept.peek(1), kept.peek(2), kept.peek(3)]).toEqual(["one", undefined, "three"]);
});

test("values of any kind become text", () => {
  expect([null, 1n, true, { a: 2n }, new Date(0), new Uint8Array(3)].map(cellOf)).toEqual([
    "",
    "1",
    "true",
    '{"a":"2"}',
    "1970-01-01 00:00",
    "3 bytes",
  ]);
});
