import { expect, test } from "vitest";
import { modelFilter } from "./filters";

test.each([
  ["", "", ""],
  ["wine", "", "name ILIKE '%wine%'"],
  ["", "team", "tags.`team` LIKE '%'"],
  ["", "team = fraud", "tags.`team` = 'fraud'"],
  ["", "note=it's", 'tags.`note` = "it\'s"'],
  ["wine", "a.b=1=2", "name ILIKE '%wine%' AND tags.`a.b` = '1=2'"],
  ["", "=x", ""],
])("%j and %j ask for %j", (name, tag, filter) => {
  expect(modelFilter(name, tag)).toBe(filter);
});
