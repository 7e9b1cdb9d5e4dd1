import { expect, test } from "vitest";
import { Events, eventsOf } from "./sse";

const STREAM = ': hello\n\nevent: x\ndata: {"a":\ndata: 1}\r\n\r\ndata:two\n\ndata: [DONE]\n\n';

test.each([1, 2, 3, 7, 1_000])("pieces of %d characters give the same events", (size) => {
  const events = new Events();
  const found: string[] = [];
  for (let at = 0; at < STREAM.length; at += size) found.push(...events.feed(STREAM.slice(at, at + size)));
  expect(found).toEqual(['{"a":\n1}', "two", "[DONE]"]);
});

test("characters that are cut between pieces are whole", async () => {
  const bytes = new TextEncoder().encode("data: äöü€\n\n");
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const found: string[] = [];
  for await (const data of eventsOf(new Response(body))) found.push(data);
  expect(found).toEqual(["äöü€"]);
});

test("an event without its end isn't one yet", () => {
  const events = new Events();
  expect(events.feed("data: a\n")).toEqual([]);
  expect(events.feed("\n")).toEqual(["a"]);
});
