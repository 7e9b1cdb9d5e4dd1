// What all pages need: elements, requests, the key.

let key = "";

export function setKey(value) {
  key = value;
}

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

export function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (key) headers.authorization = `Bearer ${key}`;
  return fetch(path, { ...options, headers, cache: "no-store" });
}

// The message of an error in any of the server's three shapes.
export async function reason(response) {
  const text = await response.text();
  try {
    const told = JSON.parse(text);
    return told.message ?? told.error?.message ?? told.error ?? text;
  } catch {
    return text || `${response.status} ${response.statusText}`;
  }
}

export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // not JSON, or with NaN in it
  }
}

export function curl(path, body) {
  const address = new URL(path, document.baseURI).href;
  const secret = key ? " \\\n  -H 'Authorization: Bearer YOUR-KEY'" : "";
  return `curl ${address} \\\n  -H 'Content-Type: application/json'${secret} \\\n  -d '${body.replaceAll("'", "'\\''")}'`;
}
