import { expect, test } from "vitest";
import { columnsOf } from "../columns";
import { csvHead, csvLines } from "./csv";
import { each } from "./each";

test("a run is a line of its columns, in full", () => {
  const columns = columnsOf(["start", "duration", "metrics.loss", "params.note"]);
  const run = {
    info: { run_id: "r", run_name: "=bad", start_time: 0, end_time: 1_500 },
    data: {
      metrics: [{ key: "loss", value: 0.123456789, timestamp: 0 }],
      params: [{ key: "note", value: "a\nb" }],
    },
  };
  expect(csvHead(columns)).toBe("run_id,run_name,start,duration_s,metrics.loss,params.note\r\n");
  expect(csvLines([run], columns)).toBe('r,\'=bad,1970-01-01T00:00:00.000Z,1.5,0.123456789,"a\nb"\r\n');
});

test("one that fails is told by name, and doesn't stop the others", async () => {
  const seen: number[] = [];
  const over = new AbortController();
  const act = (one: string) => (one === "b" ? Promise.reject(new Error("no")) : Promise.resolve());
  const outcome = await each(
    ["a", "b", "c"],
    (one) => one,
    act,
    (done) => seen.push(done),
    over.signal,
  );
  expect(outcome.done).toBe(2);
  expect(outcome.failures.map((failure) => [failure.name, failure.error.message])).toEqual([["b", "no"]]);
  expect(seen.at(-1)).toBe(3);
});

test("what isn't begun when it is cancelled is left", async () => {
  const over = new AbortController();
  const all = Array.from({ length: 50 }, (_, at) => at);
  const outcome = await each(
    all,
    String,
    async () => over.abort(),
    () => {},
    over.signal,
  );
  expect(outcome.left).toBeGreaterThan(40);
});
