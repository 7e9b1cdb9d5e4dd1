import { useCallback, useEffect, useRef, useState } from "react";
import { answerOf, bodyOf, type Message, speedWords, type Timing, type Usage, type Wishes } from "./chat";
import type { Endpoint } from "./useEndpoint";

export interface Talk {
  said: Message[];
  writing: boolean;
  /** How quick the last answer was. */
  facts: string;
  problem: string;
  send: (content: string) => void;
  stop: () => void;
  clear: () => void;
}

/** What was said, and the answer that is being written. What was stopped stays; a question that failed is taken back. */
export function useTalk({ address, key, model }: Endpoint, wishes: Wishes): Talk {
  const [said, setSaid] = useState<Message[]>([]);
  const [facts, setFacts] = useState("");
  const [problem, setProblem] = useState("");
  const [writing, setWriting] = useState(false);
  const running = useRef<AbortController>(null);
  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const send = async (content: string) => {
    const asked: Message[] = [...said, { role: "user", content }];
    const own = new AbortController();
    running.current?.abort();
    running.current = own;
    const mine = () => running.current === own;
    setProblem("");
    setFacts("");
    setWriting(true);
    setSaid([...asked, { role: "assistant", content: "" }]);
    const timing: Timing = { startedMs: performance.now(), endedMs: 0 };
    let [got, usage]: [string, Usage | undefined] = ["", undefined];
    try {
      const body = bodyOf(model, asked, wishes);
      for await (const piece of answerOf(`${address}/v1/chat/completions`, key, body, own.signal)) {
        usage = piece.usage ?? usage;
        if (!piece.text) continue;
        if (wishes.stream) timing.firstMs ??= performance.now();
        got += piece.text;
        if (mine()) setSaid([...asked, { role: "assistant", content: got }]);
      }
    } catch (error) {
      if (mine() && !own.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
    }
    if (!mine()) return;
    timing.endedMs = performance.now();
    setWriting(false);
    if (!got) setSaid(said);
    else setFacts(`${own.signal.aborted ? "stopped · " : ""}${speedWords(usage, timing)}`);
  };

  const clear = () => {
    running.current?.abort();
    running.current = null;
    setWriting(false);
    setSaid([]);
    setFacts("");
    setProblem("");
  };
  return { said, writing, facts, problem, send: (content) => void send(content), stop, clear };
}
