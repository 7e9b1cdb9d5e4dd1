/**
 * What changed on the server, for everything on the page that shows it: one stream of server-sent events a tab, for the
 * experiments of all who listen together. Where there is no stream (an older server, too many, a proxy that holds it
 * back, no place left for one) it asks every two seconds instead. A hidden tab holds no connection and catches up by
 * the cursor when it is seen again.
 */

import { ApiError } from "@/api/call";
import type { ChangesAnswer } from "@/api/endpoints";

export interface Stream {
  onchanges: (found: ChangesAnswer) => void;
  onlost: () => void;
  close(): void;
}

/** The world outside, so that faults can be played in tests. */
export interface Outside {
  open(experimentIds: string[], since: string | undefined): Stream;
  ask(experimentIds: string[], since: string | undefined): Promise<ChangesAnswer>;
  takeSlot(): boolean;
  releaseSlot(): void;
}

/** rewound: those of them that went on from an earlier step, so that points that were seen may be hidden. */
export type OnRuns = (runIds: string[], rewound: string[]) => void;
type Listener = { experimentIds: Set<string>; onRuns: OnRuns };

const ASKED_EVERY_MS = 2_000;
const FIRST_WORD_MS = 5_000; // a stream says its cursor at once; one that doesn't is held back on its way
const HELD_BACK_MS = 600_000;
const SOONEST_MS = 1_000;
const LATEST_MS = 60_000;
const CURSOR_HOLDS_MS = 30_000; // for a view opened now: what changed longer ago, it has loaded itself

export class Feed {
  private readonly listeners = new Set<Listener>();
  private readonly outside: Outside;
  private readonly rewinds = new Map<string, number>();
  private cursor: string | undefined;
  private heard = 0;
  private begun: { cursor: string; at: number } | undefined;
  private beginning: Promise<void> | undefined;
  private visible = true;
  private stream: Stream | undefined;
  private joined = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private streamAgain = 0;
  private turn = 0; // answers to what was asked before the last stop are nobody's

  constructor(outside: Outside) {
    this.outside = outside;
  }

  /** Remembers where things stand before a page loads them, so that nothing falls between. */
  async begin(): Promise<void> {
    const at = Date.now();
    if (at - Math.max(this.heard, this.begun?.at ?? 0) < CURSOR_HOLDS_MS) return;
    this.beginning ??= this.outside
      .ask([], undefined)
      .then(
        ({ cursor }) => {
          this.begun = { at, cursor };
        },
        () => {}, // whoever listens finds out by itself
      )
      .finally(() => {
        this.beginning = undefined;
      });
    await this.beginning;
  }

  listen(experimentIds: string[], onRuns: OnRuns): () => void {
    const listener = { experimentIds: new Set(experimentIds), onRuns };
    if (this.listeners.size === 0) this.cursor = this.recent();
    this.listeners.add(listener);
    this.settle();
    return () => {
      this.listeners.delete(listener);
      this.settle();
    };
  }

  show(visible: boolean): void {
    this.visible = visible;
    this.failures = 0;
    this.settle();
  }

  /** The server is back: no waiting for the next attempt. */
  again(): void {
    this.failures = 0;
    this.streamAgain = 0;
    this.stop();
    this.settle();
  }

  private recent(): string | undefined {
    const oldest = Date.now() - CURSOR_HOLDS_MS;
    if (this.heard > oldest) return this.cursor;
    return this.begun && this.begun.at > oldest ? this.begun.cursor : undefined;
  }

  private ids(): string[] {
    return [...new Set([...this.listeners].flatMap((each) => [...each.experimentIds]))].sort();
  }

  private settle(): void {
    const joined = this.visible ? this.ids().join() : "";
    if (joined === this.joined && (this.stream || this.timer || joined === "")) return;
    this.stop();
    this.joined = joined;
    // After what else happens in this moment: a page that changes takes one listener away and brings another.
    if (joined) this.later(() => void this.start(), 0);
  }

  /** Not before it is known where things stood when the page began to load. */
  private async start(): Promise<void> {
    const turn = this.turn;
    if (this.beginning) await this.beginning;
    if (turn !== this.turn) return;
    this.cursor ??= this.recent();
    this.go();
  }

  private stop(): void {
    this.turn += 1;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.stream?.close();
    this.stream = undefined;
    this.joined = "";
    this.outside.releaseSlot();
  }

  private later(act: () => void, ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, ms);
  }

  private go(): void {
    this.timer = undefined;
    if (Date.now() < this.streamAgain || !this.outside.takeSlot()) {
      void this.ask();
      return;
    }
    const stream = this.outside.open(this.ids(), this.cursor);
    this.stream = stream;
    stream.onchanges = (found) => {
      if (this.stream !== stream) return;
      clearTimeout(this.timer);
      this.failures = 0;
      this.hear(found);
    };
    stream.onlost = () => this.stream === stream && this.lost(wait(this.failures));
    this.timer = setTimeout(() => this.lost(HELD_BACK_MS), FIRST_WORD_MS);
  }

  private lost(ms: number): void {
    this.stream?.close();
    this.stream = undefined;
    this.outside.releaseSlot();
    this.failures += 1;
    this.streamAgain = Date.now() + ms;
    void this.ask();
  }

  private async ask(): Promise<void> {
    const turn = this.turn;
    let next = ASKED_EVERY_MS;
    try {
      const found = await this.outside.ask(this.ids(), this.cursor);
      if (turn !== this.turn) return;
      this.hear(found);
      if (found.more) next = 0;
    } catch (error) {
      if (turn !== this.turn) return;
      // Another store than the cursor is from.
      if (error instanceof ApiError && error.status === 400) this.cursor = undefined;
      this.failures += 1;
      next = wait(this.failures);
    }
    this.later(() => this.go(), next);
  }

  private hear(found: ChangesAnswer): void {
    this.cursor = found.cursor ?? this.cursor;
    this.heard = Date.now();
    const runs = found.runs ?? [];
    if (runs.length === 0) return;
    const rewound = new Set<string>();
    for (const { run_id: id, rewinds = 0 } of runs) {
      if (rewinds !== (this.rewinds.get(id) ?? 0)) rewound.add(id);
      if (rewinds > 0) this.rewinds.set(id, rewinds);
    }
    for (const { experimentIds, onRuns } of [...this.listeners]) {
      const theirs = runs.filter((run) => experimentIds.has(run.experiment_id)).map((run) => run.run_id);
      const ids = [...new Set(theirs)];
      if (ids.length > 0)
        onRuns(
          ids,
          ids.filter((id) => rewound.has(id)),
        );
    }
  }
}

/** Longer after each failure, and not for all pages at the same moment. */
function wait(failures: number): number {
  return Math.min(SOONEST_MS * 2 ** failures, LATEST_MS) * (0.5 + Math.random() / 2);
}
