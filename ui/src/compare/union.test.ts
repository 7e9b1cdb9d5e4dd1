import { expect, test } from "vitest";
import { sameness, union } from "./union";

const file = (path: string, size?: number) => ({ path, folder: false, size });

test("what any run has is listed once, folders first", () => {
  const found = union([
    [{ path: "plots", folder: true }, file("a10.txt", 3)],
    undefined,
    [file("a10.txt", 4), file("a9.txt", 1)],
  ]);
  expect(found.map((entry) => [entry.path, entry.has])).toEqual([
    ["plots", [0]],
    ["a9.txt", [2]],
    ["a10.txt", [0, 2]],
  ]);
  expect(found[2]?.sizes.get(2)).toBe(4);
});

test("a file and a folder of one name are two", () => {
  expect(union([[file("a")], [{ path: "a", folder: true }]])).toHaveLength(2);
});

const digests = (...all: (string | undefined)[]) =>
  all.map((digest) => new Map(digest === undefined ? [] : [["a", digest]]));

test.each([
  [[1, 1], ["d", "d"], "same"],
  [[1, 1], ["d", "e"], "differs"],
  [[1, 2], [undefined, undefined], "differs"],
  [[1, 1], [undefined, undefined], "unknown"],
  [[1, 1], ["d", undefined], "unknown"],
  [[1], ["d"], "alone"],
] as [number[], (string | undefined)[], string][])("sizes %j and digests %j: %s", (sizes, told, found) => {
  const [entry] = union(sizes.map((size) => [file("a", size)]));
  expect(entry && sameness(entry, digests(...told))).toBe(found);
});
