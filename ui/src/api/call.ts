/** One way to every endpoint of the table: typed by its name, errors in the server's own words. */

import { type Calls, ENDPOINTS } from "./endpoints";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** The server isn't there, or can't answer now: the same call may work in a moment. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

export type Name = keyof Calls;
type Value = string | number | boolean | undefined;

export type Trouble = "silent" | "signed-out";

let onTrouble = (_: Trouble): void => {};

/** Who is told when the server doesn't answer, or doesn't know who is calling. */
export function whenInTrouble(told: (trouble: Trouble) => void): void {
  onTrouble = told;
}

const base = (): string => document.baseURI.replace(/\/$/, "");

/** An address of this server, below the prefix that it has. */
export function address(path: string, query: Record<string, Value | string[]> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) search.append(name, one);
    else if (value !== undefined) search.append(name, String(value));
  }
  const text = search.toString();
  return `${base()}${path}${text ? `?${text}` : ""}`;
}

export async function call<N extends Name>(
  name: N,
  request: Calls[N]["request"],
  signal?: AbortSignal,
): Promise<Calls[N]["answer"]> {
  const { method, path } = ENDPOINTS[name];
  const fields = { ...(request as Record<string, unknown>) };
  const place = path.replace(/\{(\w+)(?::path)?\}/g, (_, field: string) => {
    const value = String(fields[field]);
    delete fields[field];
    return encodeURIComponent(value);
  });
  const inQuery = method === "GET";
  const target = address(place, inQuery ? (fields as Record<string, Value>) : {});
  const response = await send(target, {
    method,
    signal,
    ...(inQuery ? {} : { body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } }),
  });
  return (await response.json()) as Calls[N]["answer"];
}

/** fetch, whose failures are ApiErrors. */
export async function send(target: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(target, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    if (target.startsWith(base())) onTrouble("silent");
    throw new ApiError("The server doesn't answer.", 0, "UNREACHABLE");
  }
  if (response.status === 401 && target.startsWith(base())) onTrouble("signed-out");
  if (!response.ok) throw await problem(response);
  return response;
}

async function problem(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const said = JSON.parse(text) as { error_code?: string; message?: string };
    return new ApiError(said.message ?? text, response.status, said.error_code ?? "UNKNOWN");
  } catch {
    return new ApiError(text.trim() || `The server answered ${response.status}.`, response.status, "UNKNOWN");
  }
}
