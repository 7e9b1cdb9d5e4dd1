// openapi.json, to read.

import { ask, byId, curl, element, reason, setKey } from "./common.js";

async function open() {
  const response = await ask("openapi.json");
  byId("lock").hidden = response.status !== 401;
  byId("notice").hidden = response.ok || response.status === 401;
  if (!response.ok) {
    byId("notice").textContent = await reason(response);
    return;
  }
  const api = await response.json();
  byId("name").textContent = `API of ${api.info.title}`;
  byId("revision").textContent = api.info.version;
  byId("revision").hidden = false;
  const made = [];
  for (const [path, verbs] of Object.entries(api.paths)) {
    for (const [verb, operation] of Object.entries(verbs)) made.push(card(api, path, verb, operation, made.length === 0));
  }
  byId("operations").replaceChildren(...made);
}

function card(api, path, verb, operation, opened) {
  const inside = element("div", { className: "inside" });
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"];
  if (json) {
    const example = json.example ? JSON.stringify(json.example) : null;
    if (example) inside.append(element("h3", {}, "Example"), element("pre", { tabIndex: 0 }, curl(path.slice(1), example)));
    inside.append(element("h3", {}, "Body"), schemas(api, json.schema));
    const others = Object.keys(content).filter((name) => name !== "application/json");
    if (others.length) inside.append(element("p", { className: "faint" }, `Also: ${others.join(", ")}.`));
  }
  const rows = Object.entries(operation.responses).map(([status, told]) => element("tr", {}, element("td", {}, status), element("td", {}, told.description)));
  inside.append(element("h3", {}, "Answers"), element("div", { className: "scroll", tabIndex: 0 }, element("table", {}, element("tbody", {}, ...rows))));
  const answer = operation.responses["200"]?.content?.["application/json"]?.schema;
  if (answer) inside.append(element("pre", { tabIndex: 0 }, JSON.stringify(answer, null, 2)));
  const summary = element("summary", {}, element("span", { className: "verb" }, verb.toUpperCase()), element("code", {}, path), element("span", { className: "summary" }, operation.summary));
  return element("div", { className: "card operation" }, element("details", { open: opened && Boolean(json) }, summary, inside));
}

function schemas(api, schema) {
  const options = schema.oneOf ?? [schema];
  return element("div", {}, ...options.map((option) => {
    const whole = option.$ref ? api.components.schemas[option.$ref.split("/").pop()] : option;
    const title = option.title ?? option.$ref?.split("/").pop() ?? "JSON";
    return element("details", {}, element("summary", {}, title), element("pre", { tabIndex: 0 }, JSON.stringify(whole, null, 2)));
  }));
}

byId("lock").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(byId("key").value);
  open();
});
open();
