import { expect, test } from "vitest";
import { LogTail } from "./tail";

function log(text: string) {
  const world = { content: new TextEncoder().encode(text) };
  const say = (more: string) => {
    world.content = new TextEncoder().encode(new TextDecoder().decode(world.content) + more);
  };
  const fetch = async (start: number, end: number) => ({
    bytes: world.content.slice(start, end),
    total: world.content.length,
  });
  return { world, say, fetch };
}

test("the end is read first, what came before when it is asked for, and each line once", async () => {
  const lines = Array.from({ length: 50 }, (_, at) => `line ${at} é`);
  const { fetch } = log(`${lines.join("\n")}\n`);
  const tail = new LogTail(fetch, 100);
  await tail.read();
  expect(tail.start).toBeGreaterThan(0);
  expect(tail.lines.at(-1)).toBe("line 49 é");
  expect(lines).toEqual(expect.arrayContaining(tail.lines));
  while (tail.start > 0) await tail.earlier();
  expect(tail.lines).toEqual(lines);
});

test("what is written meanwhile is added, also to a line that wasn't ended", async () => {
  const { fetch, say } = log("one\ntw");
  const tail = new LogTail(fetch);
  await tail.read();
  expect(tail.lines).toEqual(["one", "tw"]);
  expect(await tail.follow()).toBe(false);
  say("o\nthree\n");
  expect(await tail.follow()).toBe(true);
  expect(tail.lines).toEqual(["one", "two", "three"]);
});

test("a log that was written anew is read anew", async () => {
  const { fetch, world } = log("a long first log\n");
  const tail = new LogTail(fetch);
  await tail.read();
  world.content = new TextEncoder().encode("new\n");
  await tail.follow();
  expect(tail.lines).toEqual(["new"]);
});

test("a line longer than a part is found", async () => {
  const { fetch } = log(`${"x".repeat(1_000)}\nlast\n`);
  const tail = new LogTail(fetch, 50);
  await tail.read();
  expect(tail.lines).toEqual(["last"]);
  await tail.earlier();
  expect([tail.start, tail.lines[0]?.length]).toEqual([0, 1_000]);
});

test("an empty log has no lines", async () => {
  const tail = new LogTail(log("").fetch);
  await tail.read();
  expect(tail.lines).toEqual([]);
});
