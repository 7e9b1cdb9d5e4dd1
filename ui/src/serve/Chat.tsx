import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Wishes } from "./chat";
import type { Endpoint } from "./useEndpoint";
import { useTalk } from "./useTalk";

/** A talk with a chat model. Enter sends, Shift and Enter makes a line. */
export function Chat({ endpoint, streams }: { endpoint: Endpoint; streams: boolean }) {
  const [wishes, setWishes] = useState<Wishes>({
    system: "",
    temperature: "",
    maxTokens: "256",
    stream: streams,
  });
  const { said, writing, facts, problem, send, stop, clear } = useTalk(endpoint, wishes);
  const [text, setText] = useState("");
  const talk = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is said last is shown whenever something is said
  useEffect(() => {
    talk.current?.scrollTo({ top: talk.current.scrollHeight });
  }, [said]);
  const ready = endpoint.reach?.state === "ready";
  const submit = () => {
    const content = text.trim();
    if (!content || writing || !ready) return;
    setText("");
    send(content);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <div className="chat">
      <div className="chat-main">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
        <div ref={talk} className="talk" role="log" aria-label="Talk" tabIndex={0}>
          {said.length === 0 && (
            <p className="soft talk-empty">Ask {endpoint.model ?? "the model"} something.</p>
          )}
          {said.map((each, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: what was said never changes places
            <div key={at} className={`said ${each.role}`}>
              <span className="hidden-text">{each.role === "user" ? "You: " : "Model: "}</span>
              {each.content || <span className="soft">…</span>}
            </div>
          ))}
        </div>
        {problem && (
          <p className="field-problem refusal" role="alert">
            {problem}
          </p>
        )}
        <form
          className="chat-ask"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <textarea
            className="field"
            rows={2}
            aria-label="Message"
            placeholder="Message"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={press}
          />
          {writing ? (
            <button type="button" className="button" onClick={stop}>
              Stop
            </button>
          ) : (
            <button type="submit" className="button main" disabled={!ready || !text.trim()}>
              Send
            </button>
          )}
        </form>
        <p className="soft chat-facts" role="status">
          {facts}
        </p>
      </div>
      <ChatWishes wishes={wishes} onWishes={setWishes} onClear={clear} />
    </div>
  );
}

function ChatWishes({
  wishes,
  onWishes,
  onClear,
}: {
  wishes: Wishes;
  onWishes: (wishes: Wishes) => void;
  onClear: () => void;
}) {
  return (
    <aside aria-label="How to answer" className="chat-wishes">
      <label className="labelled">
        <span>System prompt</span>
        <textarea
          className="field"
          rows={4}
          value={wishes.system}
          onChange={(event) => onWishes({ ...wishes, system: event.target.value })}
        />
      </label>
      <label className="labelled">
        <span>Temperature (empty: the model's own)</span>
        <input
          className="field"
          type="number"
          min={0}
          max={2}
          step={0.1}
          value={wishes.temperature}
          onChange={(event) => onWishes({ ...wishes, temperature: event.target.value })}
        />
      </label>
      <label className="labelled">
        <span>Longest answer, in tokens</span>
        <input
          className="field"
          type="number"
          min={1}
          value={wishes.maxTokens}
          onChange={(event) => onWishes({ ...wishes, maxTokens: event.target.value })}
        />
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={wishes.stream}
          onChange={(event) => onWishes({ ...wishes, stream: event.target.checked })}
        />
        Show the answer as it comes
      </label>
      <button type="button" className="button" onClick={onClear}>
        New talk
      </button>
    </aside>
  );
}
