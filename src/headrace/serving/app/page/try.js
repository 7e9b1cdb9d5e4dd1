// The page at /: which model, and which way to ask it.

import { ask, byId, curl, element, parsed, pretty, reason, setKey, written } from "./common.js";
import { chatFor } from "./chat.js";
import { formFor, hasForm } from "./form.js";

const MAX_ROWS = 200;
let known = [];
let shown = null; // of the chosen model: { model, base, form }

function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

async function open() {
  const response = await ask("page/models.json");
  if (response.status === 401) {
    byId("lock").hidden = false;
    if (byId("key").value) notice(await reason(response));
    return;
  }
  if (!response.ok) {
    notice(await reason(response));
    if (response.status === 503) setTimeout(open, 1000);
    return;
  }
  notice("");
  byId("lock").hidden = true;
  known = (await response.json()).models;
  const choice = byId("choice");
  choice.replaceChildren(...known.map((model) => element("option", { value: model.name }, model.name)));
  choice.hidden = known.length < 2;
  byId("room").hidden = false;
  choose(known[0]);
}

function choose(model) {
  const base = known.length > 1 ? `models/${encodeURIComponent(model.name)}/` : "";
  byId("name").textContent = known.length > 1 ? "Headrace" : model.name;
  badge("revision", /^\d+$/.test(model.revision) ? `version ${model.revision}` : model.revision);
  badge("flavors", model.flavors.join(", "));
  document.title = `${model.name} – Headrace`;
  const example = model.example ? parsed(model.example) : null;
  const tabs = [];
  if (model.kinds.includes("chat")) tabs.push(["chat", "Chat"]);
  if (hasForm(model)) tabs.push(["form", "Form"]);
  tabs.push(["raw", "JSON"]);
  shown = { model, base, form: hasForm(model) ? formFor(model, example) : null };
  byId("form").replaceChildren(...(shown.form?.nodes ?? []));
  byId("chat").replaceChildren(...(model.kinds.includes("chat") ? [chatFor(model, base)] : []));
  byId("path").textContent = `/${base}invocations`;
  byId("body").value = example ? pretty(model.example) : firstBody(model);
  byId("answer").hidden = true;
  byId("nothing").hidden = false;
  byId("tabs").replaceChildren(...tabs.map(([id, title]) => tab(id, title)));
  turnTo(tabs[0][0]);
}

function badge(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = !text;
}

function firstBody(model) {
  if (model.kinds.includes("chat")) return '{\n  "messages": [{"role": "user", "content": "Hello"}],\n  "max_tokens": 64\n}';
  return '{\n  "inputs": []\n}';
}

function tab(id, title) {
  const button = element("button", { type: "button", role: "tab", id: `tab-${id}` }, title);
  button.addEventListener("click", () => turnTo(id));
  return button;
}

function turnTo(id) {
  // What the form holds is what the JSON shows.
  const body = id === "raw" && byId("form").hidden === false && shown.form ? shown.form.body() : null;
  if (body) byId("body").value = pretty(body);
  for (const button of byId("tabs").children) button.setAttribute("aria-selected", String(button.id === `tab-${id}`));
  byId("chat").hidden = id !== "chat";
  byId("ask").hidden = id === "chat";
  byId("form").hidden = id !== "form";
  byId("raw").hidden = id !== "raw";
}

async function send(body) {
  const path = `${shown.base}invocations`;
  const button = document.activeElement;
  const begun = performance.now();
  if (button instanceof HTMLButtonElement) button.disabled = true;
  try {
    const response = await ask(path, { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await response.text();
    tell(response, text, performance.now() - begun);
  } catch (error) {
    notice(`The server can't be reached: ${error.message}`);
    return;
  } finally {
    if (button instanceof HTMLButtonElement) button.disabled = false;
  }
  notice("");
  byId("curl").textContent = curl(path, body);
}

function tell(response, text, took) {
  byId("nothing").hidden = true;
  byId("answer").hidden = false;
  byId("status").textContent = response.ok ? "200 OK" : `${response.status}`;
  byId("status").className = `status ${response.ok ? "good" : "bad"}`;
  const revision = response.headers.get("x-headrace-revision");
  byId("facts").textContent = [`${took.toFixed(1)} ms`, revision ? `revision ${revision}` : ""].filter(Boolean).join(" · ");
  const answered = parsed(text);
  const rows = answered?.predictions;
  const table = response.ok && Array.isArray(rows) ? tableOf(rows) : null;
  byId("table").hidden = !table;
  byId("table").replaceChildren(...(table ? [table] : []));
  byId("text").textContent = pretty(text);
}

// Of records or plain values; null for what is better read as JSON.
function tableOf(rows) {
  if (!rows.length) return null;
  const records = rows.every((row) => row !== null && typeof row === "object" && !Array.isArray(row));
  if (!records && rows.some((row) => row !== null && typeof row === "object")) return null;
  const columns = records ? [...new Set(rows.slice(0, MAX_ROWS).flatMap(Object.keys))] : ["prediction"];
  const cells = (row) => columns.map((name) => element("td", {}, show(records ? row[name] : row)));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", {}, name)))),
    element("tbody", {}, ...rows.slice(0, MAX_ROWS).map((row) => element("tr", {}, ...cells(row)))));
}

const show = (value) => (typeof value === "string" ? value : written(value) ?? "");

byId("choice").addEventListener("change", (event) => choose(known.find((model) => model.name === event.target.value)));
byId("lock").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(byId("key").value);
  open();
});
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = shown.form.body();
  if (body) send(body);
});
byId("send").addEventListener("click", () => send(byId("body").value));
open();
