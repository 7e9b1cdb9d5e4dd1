import { expect, test } from "vitest";
import { Sequences } from "./keys";

function played() {
  const done: string[] = [];
  const bound = ["c", "g e", "g m"].map((keys) => ({ keys, act: () => done.push(keys) }));
  const sequences = new Sequences();
  return { done, press: (key: string, at: number) => sequences.press(key, bound, at) };
}

test("one key does what it is bound to, another nothing", () => {
  const { done, press } = played();
  expect([press("c", 0), press("x", 1)]).toEqual([true, false]);
  expect(done).toEqual(["c"]);
});

test("keys one after the other do what they are bound to, unless too slowly", () => {
  const { done, press } = played();
  press("g", 0);
  press("m", 500);
  press("g", 10_000);
  press("e", 20_000);
  expect(done).toEqual(["g m"]);
});

test("a key that leads nowhere begins anew", () => {
  const { done, press } = played();
  press("g", 0);
  press("c", 1);
  press("g", 2);
  press("g", 3);
  press("e", 4);
  expect(done).toEqual(["c", "g e"]);
});

test("what was registered last comes first", () => {
  const done: string[] = [];
  const sequences = new Sequences();
  sequences.press("c", [
    { keys: "c", act: () => done.push("page") },
    { keys: "c", act: () => done.push("view") },
  ]);
  expect(done).toEqual(["view"]);
});
