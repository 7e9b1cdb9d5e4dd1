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

// Indented, but not parsed: numbers stay as they were written, and NaN is no trouble.
export function pretty(text) {
  let depth = 0;
  const line = (by) => `\n${"  ".repeat((depth += by))}`;
  return text.replace(/"(?:[^"\\]|\\.)*"|\s+|\{\s*\}|\[\s*\]|[{}[\],:]/g, (token) => {
    if (token[0] === '"') return token;
    if (token.trim() === "") return "";
    if (token.length > 1) return token[0] + token.at(-1);
    if (token === ",") return `,${line(0)}`;
    if (token === ":") return ": ";
    return "{[".includes(token) ? token + line(1) : line(-1) + token;
  });
}

// As JSON.parse, but integers beyond 2^53 stay exact where the browser shows their text. null for what is no JSON.
export function parsed(text) {
  try {
    return JSON.parse(text, (_, value, context) =>
      Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context.source) : value);
  } catch {
    return null;
  }
}

// A value as JSON text.
export const written = (value) => JSON.stringify(value, (_, one) => (typeof one === "bigint" ? (JSON.rawJSON?.(String(one)) ?? Number(one)) : one));

export function curl(path, body) {
  const address = new URL(path, document.baseURI).href;
  const secret = key ? " \\\n  -H 'Authorization: Bearer YOUR-KEY'" : "";
  return `curl ${address} \\\n  -H 'Content-Type: application/json'${secret} \\\n  -d '${body.replaceAll("'", "'\\''")}'`;
}
