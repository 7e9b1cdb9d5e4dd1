/** A talk with a model over OpenAI's protocol. */

import { ask, reason } from "./endpoint";
import { eventsOf } from "./sse";

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/** Empty fields leave the choice to the model. */
export interface Wishes {
  system: string;
  temperature: string;
  maxTokens: string;
  stream: boolean;
}

export interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
}

interface Choice {
  delta?: { content?: string | null };
  message?: { content?: string | null };
  finish_reason?: string | null;
}

export interface Chunk {
  choices?: Choice[];
  usage?: Usage | null;
  error?: { message?: string } | string;
}

export type Piece = { text?: string; usage?: Usage; finished?: string };

export function bodyOf(model: string | undefined, talk: Message[], wishes: Wishes): object {
  const system = wishes.system.trim();
  return {
    model,
    messages: system ? [{ role: "system", content: system }, ...talk] : talk,
    stream: wishes.stream,
    ...(wishes.stream ? { stream_options: { include_usage: true } } : {}),
    ...(wishes.maxTokens.trim() ? { max_tokens: Number(wishes.maxTokens) } : {}),
    ...(wishes.temperature.trim() ? { temperature: Number(wishes.temperature) } : {}),
  };
}

/** The answer piece by piece; at once from a server that doesn't stream. */
export async function* answerOf(
  url: string,
  key: string,
  body: object,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const answer = await ask(url, key, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!answer.ok) throw new Error(await reason(answer));
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) {
    yield pieceOf((await answer.json()) as Chunk);
    return;
  }
  for await (const data of eventsOf(answer)) {
    if (data === "[DONE]") return;
    yield pieceOf(JSON.parse(data) as Chunk);
  }
}

export function pieceOf({ choices, usage, error }: Chunk): Piece {
  if (error) throw new Error(typeof error === "string" ? error : (error.message ?? "The model failed."));
  const choice = choices?.[0];
  return {
    text: choice?.delta?.content ?? choice?.message?.content ?? undefined,
    usage: usage ?? undefined,
    finished: choice?.finish_reason ?? undefined,
  };
}

export interface Timing {
  startedMs: number;
  firstMs?: number;
  endedMs: number;
}

const LEAST_WRITING_S = 0.02; // an answer that comes all at once wasn't heard being written

/** How quick the answer was; tokens a second are those after the first, while it was being written. */
export function speedWords(usage: Usage | undefined, { startedMs, firstMs, endedMs }: Timing): string {
  const took = (endedMs - startedMs) / 1_000;
  const tokens = usage?.completion_tokens;
  const writing = firstMs === undefined ? took : (endedMs - firstMs) / 1_000;
  const counted = firstMs === undefined ? tokens : tokens && tokens - 1;
  return [
    firstMs !== undefined && `first words after ${Math.round(firstMs - startedMs)} ms`,
    tokens !== undefined ? `${tokens} tokens in ${took.toFixed(2)} s` : `${took.toFixed(2)} s`,
    counted && writing >= LEAST_WRITING_S && `${(counted / writing).toFixed(1)} tokens/s`,
    usage?.prompt_tokens !== undefined && `prompt of ${usage.prompt_tokens} tokens`,
  ]
    .filter(Boolean)
    .join(" · ");
}
