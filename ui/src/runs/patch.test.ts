import { expect, test } from "vitest";
import type { RunMessage } from "@/api/endpoints";
import { patchedPages, withNewest } from "./patch";

const run = (id: string, start = 0, status = "RUNNING"): RunMessage => ({
  info: { run_id: id, start_time: start, status },
});
const shown = (pages: { runs?: RunMessage[] }[]) =>
  pages.map((page) => (page.runs ?? []).map((each) => each.info.run_id).join(""));

test("a changed run takes the place of what it was, one that doesn't match any more goes", () => {
  const pages = [{ runs: [run("a"), run("b")] }, { runs: [run("c")] }];
  const change = { changed: new Set(["b", "c"]), now: new Map([["b", run("b", 0, "FINISHED")]]) };
  const next = patchedPages(pages, change);
  expect(shown(next)).toEqual(["ab", ""]);
  expect(next[0]?.runs?.[1]?.info.status).toBe("FINISHED");
  expect(next[0]?.runs?.[0]).toBe(pages[0]?.runs[0]);
});

test("pages that hold nothing that changed are the same pages", () => {
  const pages = [{ runs: [run("a")] }];
  expect(patchedPages(pages, { changed: new Set(["z"]), now: new Map() })).toBe(pages);
});

test("new runs stand where their time puts them", () => {
  const pages = [{ runs: [run("d", 40), run("c", 30)], next_page_token: "t" }, { runs: [run("b", 20)] }];
  expect(shown(withNewest(pages, [run("e", 50)]))).toEqual(["edc", "b"]);
  expect(shown(withNewest(pages, [run("x", 35)]))).toEqual(["dxc", "b"]);
  expect(shown(withNewest(pages, [run("old", 1)]))).toEqual(["dc", "bold"]);
});

test("a run of a page that isn't loaded is left to that page", () => {
  const pages = [{ runs: [run("d", 40)], next_page_token: "t" }];
  expect(shown(withNewest(pages, [run("old", 1)]))).toEqual(["d"]);
});

test("the first run of an experiment is shown", () => {
  expect(shown(withNewest([{ runs: [] as RunMessage[] }], [run("a", 1)]))).toEqual(["a"]);
});
