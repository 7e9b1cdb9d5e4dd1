import { expect, test } from "vitest";
import { bodyOf, pieceOf, speedWords } from "./chat";

const wishes = { system: "", temperature: "", maxTokens: "", stream: true };

test("what is left empty is the model's choice", () => {
  const talk = [{ role: "user", content: "Hello" } as const];
  expect(bodyOf("phi3", talk, wishes)).toEqual({
    model: "phi3",
    messages: talk,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(
    bodyOf("phi3", talk, { system: "Be brief.", temperature: "0", maxTokens: "5", stream: false }),
  ).toEqual({
    model: "phi3",
    messages: [{ role: "system", content: "Be brief." }, ...talk],
    stream: false,
    max_tokens: 5,
    temperature: 0,
  });
});

test("pieces of a stream, whole answers, the last event's usage, and errors within", () => {
  expect(pieceOf({ choices: [{ delta: { content: "Hi" } }] })).toEqual({ text: "Hi" });
  expect(pieceOf({ choices: [{ message: { content: "Hi" }, finish_reason: "stop" }] })).toEqual({
    text: "Hi",
    finished: "stop",
  });
  expect(pieceOf({ choices: [], usage: { completion_tokens: 3 } })).toEqual({
    usage: { completion_tokens: 3 },
  });
  expect(() => pieceOf({ error: { message: "out of memory" } })).toThrow("out of memory");
});

test("speed counts the tokens after the first", () => {
  const timing = { startedMs: 1_000, firstMs: 1_200, endedMs: 2_200 };
  expect(speedWords({ prompt_tokens: 7, completion_tokens: 11 }, timing)).toBe(
    "first words after 200 ms · 11 tokens in 1.20 s · 10.0 tokens/s · prompt of 7 tokens",
  );
  expect(speedWords(undefined, { startedMs: 0, endedMs: 500 })).toBe("0.50 s");
});
