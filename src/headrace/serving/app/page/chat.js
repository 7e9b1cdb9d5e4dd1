// A talk with a chat model, answer by answer as it comes.

import { ask, element, reason } from "./common.js";

const number = (label, name, value, step, title) => {
  const input = element("input", { type: "number", id: `chat-${name}`, value, step, min: 0, title });
  return { input, box: element("div", { className: "field" }, element("label", { htmlFor: input.id }, element("span", {}, label)), input) };
};

// Events of a stream of server-sent ones: their data, one by one.
async function* events(response) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of parts(response.body)) {
    rest += decoder.decode(part, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      for (const line of block.split("\n")) if (line.startsWith("data:")) yield line.slice(5).trim();
    }
  }
}

async function* parts(stream) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

export function chatFor(model, base) {
  const talk = element("div", { className: "talk", role: "log", tabIndex: 0 });
  const empty = element("p", { className: "empty faint" }, `Ask ${model.name} something.`);
  talk.append(empty);
  const text = element("textarea", { rows: 2, placeholder: "Message", ariaLabel: "Message" });
  const send = element("button", { className: "main", type: "submit" }, "Send");
  const facts = element("span", { className: "faint" });
  const system = element("textarea", { rows: 4, id: "chat-system", placeholder: "None" });
  const longest = number("Longest answer, tokens", "tokens", 256, 1, "max_tokens");
  const heat = number("Temperature", "heat", "", 0.1, "empty: the model's own");
  const again = element("button", { type: "button" }, "New talk");
  const form = element("form", { className: "ask" }, text, send);
  let messages = [];
  let running = null;

  const show = (role, content) => {
    empty.remove();
    const said = element("div", { className: `said ${role}` }, content);
    talk.append(said);
    talk.scrollTop = talk.scrollHeight;
    return said;
  };

  async function answer() {
    const begun = performance.now();
    const own = messages; // a new talk has others
    const said = show("assistant waiting", "");
    const request = { model: model.name, messages: [...(system.value.trim() ? [{ role: "system", content: system.value }] : []), ...messages], stream: model.streams };
    if (longest.input.value) request.max_tokens = Number(longest.input.value);
    if (heat.input.value) request.temperature = Number(heat.input.value);
    if (model.streams) request.stream_options = { include_usage: true };
    running = new AbortController();
    send.textContent = "Stop";
    let got = "", usage = null, first = null;
    try {
      const response = await ask(`${base}v1/chat/completions`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request), signal: running.signal });
      if (!response.ok) throw new Error(await reason(response));
      if (model.streams) {
        for await (const data of events(response)) {
          if (data === "[DONE]") break;
          const event = JSON.parse(data);
          if (event.error) throw new Error(event.error.message);
          usage = event.usage ?? usage;
          const piece = event.choices?.[0]?.delta?.content;
          if (piece) {
            first ??= performance.now() - begun;
            got += piece;
            said.textContent = got;
            talk.scrollTop = talk.scrollHeight;
          }
        }
      } else {
        const whole = await response.json();
        got = whole.choices[0].message.content ?? "";
        usage = whole.usage;
        said.textContent = got;
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        if (!got) said.remove();
        show("failed", error.message);
      }
    } finally {
      running = null;
      send.textContent = "Send";
      said.classList.remove("waiting");
    }
    if (own !== messages) return;
    if (got) own.push({ role: "assistant", content: got });
    else own.pop();
    const took = (performance.now() - begun) / 1000;
    facts.textContent = [
      first === null ? "" : `first piece after ${first.toFixed(0)} ms`,
      usage ? `${usage.completion_tokens} tokens in ${took.toFixed(2)} s` : `${took.toFixed(2)} s`,
      usage ? `prompt of ${usage.prompt_tokens}` : "",
    ].filter(Boolean).join(" · ");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) {
      running.abort();
      return;
    }
    const content = text.value.trim();
    if (!content) return;
    text.value = "";
    messages.push({ role: "user", content });
    show("user", content);
    answer();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (!running) form.requestSubmit();
    }
  });
  again.addEventListener("click", () => {
    running?.abort();
    messages = [];
    talk.replaceChildren(empty);
    facts.textContent = "";
  });

  const side = element("aside", { className: "card" },
    element("div", { className: "field" }, element("label", { htmlFor: "chat-system" }, element("span", {}, "System message")), system),
    longest.box, heat.box, again);
  return element("div", { className: "chat" }, element("div", { className: "card" }, talk, form, element("div", { className: "row" }, facts)), side);
}
