/**
 * The series of a grid's charts: fetched once, shown from memory, brought up to date at their ends. Charts say what they
 * show with `use`; whatever is wanted in the same moment shares requests.
 */

import { ApiError } from "@/api/call";
import { type ChartRequest, coarsened, type Job, jobsFor, type Wanted } from "./requests";
import { bytesOf, type Series } from "./series";
import { rebucketed, tailStart, withTail } from "./tail";
import { type View, type ViewRun, viewId, wantedOf } from "./views";

export interface Loaded {
  /** null: the run has no point there. Runs that aren't fetched yet are missing. */
  series: ReadonlyMap<string, Series | null>;
  error?: Error;
}

export type FetchChart = (request: ChartRequest) => Promise<Series[]>;

interface Entry {
  view: View;
  runs: Map<string, ViewRun>;
  series: Map<string, Series | null>;
  asked: Set<string>;
  stale: Set<string>;
  /** Of those that are stale: not at their ends alone. */
  rewound: Set<string>;
  error?: Error;
  users: number;
  usedAt: number;
  loaded: Loaded;
}

interface Part extends Wanted {
  entry: Entry;
  run: ViewRun;
  tail: boolean;
}

const AT_ONCE = 6; // requests, as many as a browser keeps connections
const SERIES_UNDER_WAY = 200; // so that one answer is drawn while the server reads the next
const GROWN = 4; // times the buckets that were asked for
const AGAIN_MS = 2_000;
const MOST_UNUSED_BYTES = 64 << 20;
const NOTHING: Loaded = { series: new Map() };

export class ChartData {
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<() => void>();
  private waiting: Job<Part>[] = [];
  private running = 0;
  private reading = 0;
  private planned: ReturnType<typeof setTimeout> | undefined;
  private clock = 0;

  constructor(private readonly fetchChart: FetchChart) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  loaded(id: string | undefined): Loaded {
    return (id && this.entries.get(id)?.loaded) || NOTHING;
  }

  /** Until the answer is called, the view is fetched and kept up to date. */
  use(view: View, runs: ViewRun[]): () => void {
    const entry = this.entries.get(viewId(view)) ?? this.added(view);
    entry.users += 1;
    entry.usedAt = ++this.clock;
    for (const run of runs) entry.runs.set(run.runId, run);
    this.plan(0);
    return () => {
      entry.users -= 1;
      if (entry.users === 0) entry.runs.clear();
      this.evict();
    };
  }

  /** Runs that may have new points. */
  changed(runIds: string[]): void {
    for (const entry of this.entries.values())
      for (const runId of runIds)
        if (entry.series.has(runId) || entry.asked.has(runId)) entry.stale.add(runId);
    this.plan(0);
  }

  /** Runs of which what was known may be hidden now. */
  rewound(runIds: string[]): void {
    for (const entry of this.entries.values()) for (const runId of runIds) entry.rewound.add(runId);
    this.changed(runIds);
  }

  /** What failed is asked for again. */
  retry(view: View): void {
    const entry = this.entries.get(viewId(view));
    if (!entry) return;
    entry.error = undefined;
    this.plan(0);
  }

  private added(view: View): Entry {
    const entry: Entry = {
      view,
      runs: new Map(),
      series: new Map(),
      asked: new Set(),
      stale: new Set(),
      rewound: new Set(),
      users: 0,
      usedAt: 0,
      loaded: NOTHING,
    };
    this.entries.set(viewId(view), entry);
    return entry;
  }

  private plan(afterMs: number): void {
    this.planned ??= setTimeout(() => {
      this.planned = undefined;
      this.collect();
    }, afterMs);
  }

  private collect(): void {
    const whole: Part[] = [];
    const tails: Part[] = [];
    for (const entry of this.entries.values()) {
      if (entry.users === 0 || entry.error) continue;
      for (const run of entry.runs.values()) {
        const known = entry.series.get(run.runId);
        const stale = entry.stale.has(run.runId);
        if (entry.asked.has(run.runId) || (known !== undefined && !stale)) continue;
        const part = { ...wantedOf(entry.view, run), entry, run, tail: false };
        const since = known && !entry.rewound.has(run.runId) ? tailStart(known) : undefined;
        entry.stale.delete(run.runId);
        entry.rewound.delete(run.runId);
        entry.asked.add(run.runId);
        if (since === undefined) whole.push(part);
        else tails.push({ ...part, since, alone: undefined, tail: true });
      }
    }
    this.waiting.push(...jobsFor(whole), ...jobsFor(tails));
    this.next();
  }

  private next(): void {
    for (;;) {
      const [job] = this.waiting;
      const full = this.reading > 0 && this.reading + (job?.wanted.length ?? 0) > SERIES_UNDER_WAY;
      if (!job || full || this.running === AT_ONCE) return;
      this.waiting.shift();
      this.running += 1;
      this.reading += job.wanted.length;
      void this.answer(job).finally(() => {
        this.running -= 1;
        this.reading -= job.wanted.length;
        this.next();
      });
    }
  }

  private async answer({ request, wanted }: Job<Part>): Promise<void> {
    const touched = new Set(wanted.map((part) => part.entry));
    const over = () => {
      for (const part of wanted) part.entry.asked.delete(part.runId);
    };
    const missed = () => {
      over();
      for (const { entry, runId, tail } of wanted) {
        entry.stale.add(runId);
        if (!tail) entry.rewound.add(runId);
      }
    };
    if ([...touched].every((entry) => entry.users === 0)) return missed();
    try {
      const answer = await this.fetchChart(request);
      over();
      this.take(answer, wanted);
    } catch (error) {
      missed();
      if (error instanceof ApiError && error.passing) this.plan(AGAIN_MS);
      else for (const entry of touched) entry.error = error as Error;
    }
    for (const entry of touched) publish(entry);
    for (const listener of this.listeners) listener();
    this.plan(0); // for what became stale meanwhile
  }

  private take(answer: Series[], wanted: Part[]): void {
    const open = wanted.some((part) => part.start === undefined || part.end === undefined);
    const again = open ? coarsened(answer) : new Set<string>();
    const found = new Map(answer.map((series) => [`${series.runId} ${series.key}`, series]));
    const more: Part[] = [];
    for (const part of wanted) {
      const { entry, runId, key } = part;
      const series = found.get(`${runId} ${key}`);
      const known = entry.series.get(runId);
      if (part.tail && known) {
        const joined = withTail(known, series, part.since ?? 0);
        const grown = joined && joined.x.length > GROWN * entry.view.buckets;
        if (joined) entry.series.set(runId, grown ? rebucketed(joined, entry.view.buckets) : joined);
        else more.push({ ...part, ...wantedOf(entry.view, part.run), since: undefined, tail: false });
      } else if (again.has(key) && part.alone !== "key" && part.alone !== "both")
        more.push({ ...part, alone: part.alone ? "both" : "key" });
      else entry.series.set(runId, series ?? null);
    }
    for (const part of more) part.entry.asked.add(part.runId);
    this.waiting.unshift(...jobsFor(more));
  }

  /** Views that nobody shows stay while there is room. */
  private evict(): void {
    const unused = [...this.entries].filter(([, entry]) => entry.users === 0);
    unused.sort(([, one], [, other]) => other.usedAt - one.usedAt);
    let bytes = 0;
    for (const [id, entry] of unused) {
      for (const series of entry.series.values()) if (series) bytes += bytesOf(series);
      if (bytes > MOST_UNUSED_BYTES) this.entries.delete(id);
    }
  }
}

function publish(entry: Entry): void {
  entry.loaded = { series: new Map(entry.series), error: entry.error };
}
