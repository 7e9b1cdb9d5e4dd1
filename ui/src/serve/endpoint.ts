/** A served model somewhere: where it is remembered, whether it answers, and what it says when it refuses. */

const KEPT = "headrace.serve.";
const DEFAULT = "http://127.0.0.1:5001";
const PATIENCE_MS = 4_000;

/** models: names of /v1/models; none where the server has no such page. */
export type Reach =
  | { state: "ready"; models: string[] }
  | { state: "waits"; why: string }
  | { state: "key" }
  | { state: "closed" }
  | { state: "absent"; why: string };

export const rememberedAddress = (model: string): string => localStorage.getItem(KEPT + model) ?? DEFAULT;

export function rememberAddress(model: string, address: string): void {
  if (address === DEFAULT) localStorage.removeItem(KEPT + model);
  else localStorage.setItem(KEPT + model, address);
}

/** Without a slash at its end; undefined for what isn't an address of HTTP. */
export function normalised(text: string): string | undefined {
  const given = text.trim();
  const address = URL.canParse(given) ? new URL(given) : undefined;
  if (!address || !/^https?:$/.test(address.protocol) || address.search || address.hash) return undefined;
  return `${address.origin}${address.pathname.replace(/\/+$/, "")}`;
}

export const portOf = (address: string): number => {
  const { port, protocol } = new URL(address);
  return Number(port) || (protocol === "https:" ? 443 : 80);
};

/** No cookies, and no word of which page asks: the server may be anybody's. */
export function ask(url: string, key: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key) headers.set("Authorization", `Bearer ${key}`);
  return fetch(url, {
    ...init,
    headers,
    credentials: "omit",
    referrerPolicy: "no-referrer",
    cache: "no-store",
  });
}

/** Browsers don't tell a page why a request failed; a second one, whose answer nobody may read, tells who is there. */
export async function look(address: string, key: string, signal: AbortSignal): Promise<Reach> {
  const patient = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const models = await ask(`${address}/v1/models`, key, { signal: patient });
    if (models.status === 401) return { state: "key" };
    if (models.status >= 500) return { state: "waits", why: await reason(models) };
    return { state: "ready", models: models.ok ? namesIn(await models.text()) : [] };
  } catch (error) {
    if (signal.aborted) throw error;
    if (mixed(address))
      return { state: "absent", why: "A page over HTTPS may not ask another machine over plain HTTP." };
    try {
      await ask(`${address}/health`, "", { mode: "no-cors", signal: patient });
      return { state: "closed" };
    } catch {
      return { state: "absent", why: `Nothing answers at ${address}.` };
    }
  }
}

function mixed(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  const local = /^(localhost|.*\.localhost|127\..*|\[::1\])$/.test(hostname);
  return location.protocol === "https:" && protocol === "http:" && !local;
}

function namesIn(text: string): string[] {
  try {
    const { data } = JSON.parse(text) as { data?: { id?: unknown }[] };
    return (data ?? []).flatMap((each) => (typeof each.id === "string" ? [each.id] : []));
  } catch {
    return [];
  }
}

/** What the server says, in each of the forms that serving speaks. */
export async function reason(answer: Response): Promise<string> {
  const text = await answer.text();
  return said(text) ?? (text.trim() || `The server answered ${answer.status}.`);
}

export function said(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { message?: unknown; error?: { message?: unknown } | string };
    const found = body.message ?? (typeof body.error === "string" ? body.error : body.error?.message);
    return found === undefined ? undefined : String(found);
  } catch {
    return undefined;
  }
}
