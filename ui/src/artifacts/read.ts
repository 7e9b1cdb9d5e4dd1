/** Bytes of a file, a part at a time: what is shown is all that is fetched. */

import { ApiError, send } from "@/api/call";

export interface Part {
  bytes: Uint8Array<ArrayBuffer>;
  total: number;
}

/** The bytes from start to end, or fewer where the file ends. */
export async function readPart(url: string, start: number, end: number, signal?: AbortSignal): Promise<Part> {
  const headers = { Range: `bytes=${start}-${end - 1}` };
  try {
    const answer = await send(url, { headers, signal, cache: "no-store" });
    if (answer.status === 206) {
      const total = Number(answer.headers.get("Content-Range")?.split("/")[1] ?? Number.NaN);
      return { bytes: new Uint8Array(await answer.arrayBuffer()), total };
    }
    const whole = new Uint8Array(await answer.arrayBuffer());
    return { bytes: whole.slice(start, end), total: whole.length };
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 416)) throw error;
    return { bytes: new Uint8Array(0), total: start === 0 ? 0 : await sizeOf(url, signal) };
  }
}

async function sizeOf(url: string, signal?: AbortSignal): Promise<number> {
  const { total } = await readPart(url, 0, 1, signal);
  return total;
}

/** All of it, or the error that says how much is too much. */
export async function readAll(
  url: string,
  most: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, total } = await readPart(url, 0, most, signal);
  if (total > bytes.length) throw new TooLong(total);
  return bytes;
}

export class TooLong extends Error {
  constructor(readonly total: number) {
    super("It is too long to be shown whole.");
  }
}

/** As UTF-8 or UTF-16 by its mark; what isn't either is read as the encoding of old Windows programs. */
export function textOf(bytes: Uint8Array): string {
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : "";
  if (mark) return new TextDecoder(mark).decode(bytes);
  try {
    // A cut character at the end is no error: the rest of the file has it.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Text has no zero bytes, unless it says that it is UTF-16. */
export function looksLikeText(bytes: Uint8Array): boolean {
  const marked = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return marked || !bytes.subarray(0, 8_192).includes(0);
}
