/** A log from its end: the last part at first, what comes later as it comes, what came before when it is asked for. */

import { plainText } from "@/artifacts/ansi";

export type Fetch = (
  start: number,
  end: number,
  signal?: AbortSignal,
) => Promise<{ bytes: Uint8Array; total: number }>;

/** Lines that were read together, and the bytes that they are. */
interface Block {
  start: number;
  lines: string[];
}

const PART_BYTES = 256 * 1024;
const MOST_LINES = 200_000;
const NEWLINE = 0x0a;

export class LogTail {
  private blocks: Block[] = [];
  /** Of a line that isn't ended yet. */
  private open: Uint8Array = new Uint8Array(0);
  private end = 0;
  total = 0;

  constructor(
    private readonly fetch: Fetch,
    private readonly partBytes = PART_BYTES,
  ) {}

  /** Where what is here starts in the file; 0: nothing came before. */
  get start(): number {
    return this.blocks[0]?.start ?? 0;
  }

  get lines(): string[] {
    const whole = this.blocks.flatMap((block) => block.lines);
    return this.open.length > 0 ? [...whole, decoded(this.open)] : whole;
  }

  async read(signal?: AbortSignal): Promise<void> {
    const { total } = await this.fetch(0, 1, signal);
    const from = Math.max(0, total - this.partBytes);
    const { bytes } = total > 0 ? await this.fetch(from, total, signal) : { bytes: new Uint8Array(0) };
    // A line that starts before is left to `earlier`.
    const cut = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
    this.blocks = [{ start: from + cut, lines: [] }];
    this.open = new Uint8Array(0);
    this.total = total;
    this.end = from + bytes.length;
    this.append(bytes.subarray(cut));
  }

  /** Whether anything came. A file that became shorter was written anew, and is read again. */
  async follow(signal?: AbortSignal): Promise<boolean> {
    // From the last byte that is known: a range of which nothing exists would be an error.
    const known = Math.min(1, this.end);
    const found = await this.fetch(this.end - known, this.end + this.partBytes, signal);
    const [bytes, total] = [found.bytes.subarray(known), found.total];
    if (total < this.end) {
      await this.read(signal);
      return true;
    }
    this.total = total;
    if (bytes.length === 0) return false;
    const start = this.end - this.open.length;
    const joined = new Uint8Array(this.open.length + bytes.length);
    joined.set(this.open);
    joined.set(bytes, this.open.length);
    this.end += bytes.length;
    this.blocks.push({ start, lines: [] });
    this.append(joined);
    this.forget();
    return true;
  }

  async earlier(signal?: AbortSignal): Promise<void> {
    const end = this.start;
    let [size, from, cut] = [this.partBytes, 0, 0];
    let bytes: Uint8Array = new Uint8Array(0);
    do {
      from = Math.max(0, end - size);
      ({ bytes } = await this.fetch(from, end, signal));
      cut = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
      size *= 4;
    } while (from > 0 && cut >= bytes.length); // one line fills it all
    const lines = decoded(bytes.subarray(cut)).split("\n");
    if (lines.at(-1) === "") lines.pop();
    this.blocks.unshift({ start: from + cut, lines });
  }

  /** To the last block. */
  private append(bytes: Uint8Array): void {
    const ended = bytes.lastIndexOf(NEWLINE) + 1;
    this.open = bytes.slice(ended);
    const lines = ended > 0 ? decoded(bytes.subarray(0, ended - 1)).split("\n") : [];
    this.blocks.at(-1)?.lines.push(...lines);
  }

  /** What is followed for days doesn't fill the memory. */
  private forget(): void {
    let count = this.blocks.reduce((sum, block) => sum + block.lines.length, 0);
    while (count > MOST_LINES && this.blocks.length > 1) count -= this.blocks.shift()?.lines.length ?? 0;
  }
}

const decoded = (bytes: Uint8Array): string => plainText(new TextDecoder().decode(bytes));
