import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "@/api/call";
import type { ChangesAnswer } from "@/api/endpoints";
import { Feed, type Stream } from "./feed";

interface Opened extends Stream {
  ids: string[];
  since: string | undefined;
  closed: boolean;
}

const said = (cursor: string, ...runs: string[]): ChangesAnswer => ({
  cursor,
  runs: runs.map((run) => ({ run_id: run, experiment_id: run.slice(0, 1) })),
});

function played() {
  const opened: Opened[] = [];
  const asked: [string[], string | undefined][] = [];
  const world = { free: true, answer: (): ChangesAnswer | Error => said("now") };
  const feed = new Feed({
    open: (ids, since) => {
      const stream: Opened = {
        ids,
        since,
        closed: false,
        onchanges: () => {},
        onlost: () => {},
        close: () => {
          stream.closed = true;
        },
      };
      opened.push(stream);
      return stream;
    },
    ask: async (ids, since) => {
      asked.push([ids, since]);
      const answer = world.answer();
      if (answer instanceof Error) throw answer;
      return answer;
    },
    takeSlot: () => world.free,
    releaseSlot: () => {},
  });
  const last = (): Opened => {
    const stream = opened.at(-1);
    if (!stream) throw new Error("no stream was opened");
    return stream;
  };
  return { feed, opened, asked, world, last };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("all who listen share one stream, and hear what is theirs", async () => {
  const { feed, opened, last } = played();
  const [one, both]: string[][][] = [[], []];
  feed.listen(["1"], (ids) => one?.push(ids));
  const leave = feed.listen(["2", "1"], (ids) => both?.push(ids));
  await vi.advanceTimersByTimeAsync(0);
  expect(opened.map((each) => each.ids)).toEqual([["1", "2"]]);
  last().onchanges(said("c1", "1a", "2a", "1a"));
  expect([one, both]).toEqual([[["1a"]], [["1a", "2a"]]]);
  leave();
  await vi.advanceTimersByTimeAsync(0);
  expect(opened.map((each) => [each.ids, each.since, each.closed])).toEqual([
    [["1", "2"], undefined, true],
    [["1"], "c1", false],
  ]);
});

test("a hidden tab holds no stream, and goes on from the cursor", async () => {
  const { feed, opened, asked, last } = played();
  feed.listen(["1"], () => {});
  await vi.advanceTimersByTimeAsync(0);
  last().onchanges(said("c1"));
  feed.show(false);
  expect(last().closed).toBe(true);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect([opened.length, asked.length]).toEqual([1, 0]);
  feed.show(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(last().since).toBe("c1");
});

test("a lost stream is asked in place of, and tried again later each time", async () => {
  const { feed, opened, asked, world, last } = played();
  const heard: string[] = [];
  feed.listen(["1"], (ids) => heard.push(...ids));
  await vi.advanceTimersByTimeAsync(0);
  last().onchanges(said("c1"));
  world.answer = () => said("c2", "1a");
  last().onlost();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual([[["1"], "c1"]]);
  expect(heard).toEqual(["1a"]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([opened.length, last().since]).toEqual([2, "c2"]);
  for (const attempt of [3, 4, 5]) {
    last().onlost();
    await vi.advanceTimersByTimeAsync(1_000 * 2 ** (attempt - 2) + 4_000);
    expect(opened.length).toBe(attempt);
  }
});

test("a proxy that holds the stream back is noticed", async () => {
  const { feed, opened, asked, last } = played();
  feed.listen(["1"], () => {});
  await vi.advanceTimersByTimeAsync(5_000);
  expect(last().closed).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(opened.length).toBe(1);
  expect(asked.length).toBe(31);
});

test("a tab without a place for a stream asks, until there is one", async () => {
  const { feed, opened, asked, world } = played();
  world.free = false;
  feed.listen(["1"], () => {});
  await vi.advanceTimersByTimeAsync(4_000);
  expect([opened.length, asked.length]).toEqual([0, 3]);
  world.free = true;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(opened.length).toBe(1);
});

test("a server that is gone is asked less and less, and at once when it is back", async () => {
  const { feed, opened, asked, world, last } = played();
  feed.listen(["1"], () => {});
  await vi.advanceTimersByTimeAsync(0);
  last().onchanges(said("c1"));
  world.answer = () => new ApiError("The server doesn't answer.", 0, "UNREACHABLE");
  last().onlost();
  for (let second = 0; second < 600; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    if (!last().closed) last().onlost();
  }
  expect(asked.length + opened.length).toBeLessThan(40);
  world.answer = () => said("c2");
  feed.again();
  await vi.advanceTimersByTimeAsync(0);
  expect([last().closed, last().since]).toEqual([false, "c1"]);
});

test("a cursor of another store is given up", async () => {
  const { feed, asked, world, last } = played();
  feed.listen(["1"], () => {});
  await vi.advanceTimersByTimeAsync(0);
  last().onchanges(said("c1"));
  world.answer = () => new ApiError("it is no cursor", 400, "INVALID_PARAMETER_VALUE");
  last().onlost();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked[0]?.[1]).toBe("c1");
  expect(last().since).toBeUndefined();
});

test("what changes between a page's loading and its listening isn't missed", async () => {
  const { feed, asked, world, last } = played();
  world.answer = () => said("before");
  await feed.begin();
  await feed.begin();
  expect(asked.length).toBe(1);
  feed.listen(["1"], () => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(last().since).toBe("before");
});

test("a view that listens before it is known where things stood waits for that", async () => {
  const { feed, world, last } = played();
  world.answer = () => said("before");
  void feed.begin();
  feed.listen(["1"], () => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(last().since).toBe("before");
});

test("a run that went on from an earlier step is told as such, once", () => {
  const { feed, last } = played();
  const heard: [string[], string[]][] = [];
  feed.listen(["1"], (ids, rewound) => heard.push([ids, rewound]));
  vi.advanceTimersByTime(0);
  const run = (rewinds?: number) => ({ run_id: "1a", experiment_id: "1", rewinds });
  for (const rewinds of [undefined, 0, 1, 1, 3]) last().onchanges({ cursor: "c", runs: [run(rewinds)] });
  expect(heard.map(([, rewound]) => rewound)).toEqual([[], [], ["1a"], [], ["1a"]]);
});
