import { describe, expect, test } from "vitest";
import type { RunMessage } from "@/api/endpoints";
import { branchFilter, canOpen, childrenOf, groupBranch, isIn } from "./branches";
import { families } from "./families";
import { groupLines, type Line, matchLines, type Opened, treeLines } from "./lines";

const run = (id: string, parent?: string): RunMessage => ({
  info: { run_id: id },
  data: { tags: parent ? [{ key: "mlflow.parentRunId", value: parent }] : [] },
});
const opened = (...runs: RunMessage[]): Opened => ({ runs, more: false, loading: false, error: null });
const drawn = (lines: Line[]) =>
  lines.map((line) => {
    const name = line.kind === "run" ? line.run.info.run_id : line.kind;
    return `${"  ".repeat(line.level - 1)}${name}${line.kind === "run" && line.under ? ` < ${line.under}` : ""}`;
  });

describe("the tree", () => {
  test("children stand below their parent once it is opened, at any depth", () => {
    const shown = {
      opened: new Map([
        ["a", opened(run("a1", "a"), run("a2", "a"))],
        ["a2", opened(run("deep", "a2"))],
      ]),
      counts: new Map([
        ["a", 2],
        ["a2", 1],
        ["b", 7],
      ]),
    };
    const lines = treeLines([run("b"), run("a"), run("c")], [], shown);
    expect(drawn(lines)).toEqual(["b", "a", "  a1", "  a2", "    deep", "c"]);
    expect(lines.map((line) => line.kind === "run" && [line.children, line.open])).toEqual([
      [7, false],
      [2, true],
      [0, false],
      [1, true],
      [0, false],
      [0, false],
    ]);
  });

  test("what is on its way, or more, has a line of its own", () => {
    const shown = {
      opened: new Map([["a", { ...opened(run("a1", "a")), more: true }]]),
      counts: new Map([["a", 500]]),
    };
    expect(drawn(treeLines([run("a")], [], shown))).toEqual(["a", "  a1", "  more"]);
  });

  test("children whose parent is gone are found below a line for it", () => {
    const shown = { opened: new Map([["gone", opened(run("x", "gone"))]]), counts: new Map([["gone", 1]]) };
    expect(drawn(treeLines([run("a")], ["gone"], shown))).toEqual(["lost", "  x", "a"]);
  });

  test("a run below itself ends", () => {
    const shown = {
      opened: new Map([
        ["a", opened(run("b", "a"))],
        ["b", opened(run("a", "b"))],
      ]),
      counts: new Map([
        ["a", 1],
        ["b", 1],
      ]),
    };
    expect(drawn(treeLines([run("a")], [], shown))).toEqual(["a", "  b", "    a"]);
  });
});

describe("what matches a filter", () => {
  test("a family stands where its first member stands, whatever page brings the parent", () => {
    const runs = [run("c1", "p"), run("x"), run("c2", "p"), run("p")];
    expect(drawn(matchLines(runs, new Set()))).toEqual(["p", "  c1", "  c2", "x"]);
    expect(drawn(matchLines(runs, new Set(["p"])))).toEqual(["p", "x"]);
  });

  test("a run whose parent doesn't match is shown with its parent's id", () => {
    expect(drawn(matchLines([run("c1", "p"), run("x")], new Set()))).toEqual(["c1 < p", "x"]);
  });

  test("closing a run hides all below it", () => {
    const runs = [run("p"), run("c", "p"), run("d", "c")];
    expect(families(runs, new Set(["p"])).filter((member) => !member.hidden)).toHaveLength(1);
    expect(families(runs, new Set(["c"])).filter((member) => !member.hidden)).toHaveLength(2);
  });

  test("a circle of parents is shown once each", () => {
    expect(drawn(matchLines([run("a", "b"), run("b", "a")], new Set()))).toEqual(["a", "  b"]);
  });
});

describe("groups", () => {
  const groups = [
    { values: ["cnn"], run_count: 2 },
    { values: [null as unknown as string], run_count: 1 },
    { values: ["both ' and \""], run_count: 1 },
  ];

  test("stand with their runs below, and one that can't be asked for stays closed", () => {
    const branch = groupBranch(["params.model"], ["cnn"]);
    const lines = groupLines(groups, ["params.model"], {
      opened: new Map([[branch.id, opened(run("a"))]]),
      counts: new Map(),
    });
    expect(drawn(lines)).toEqual(["group", "  a", "group", "group"]);
    expect(lines.map((line) => line.kind === "group" && line.closed)).toEqual([false, false, false, true]);
  });

  test("are filters", () => {
    const branch = groupBranch(["params.learning rate", "tags.team"], ["it's", null]);
    expect(branchFilter(branch)).toBe('params.`learning rate` = "it\'s" AND tags.team IS NULL');
    expect(branchFilter(childrenOf("r1"))).toBe("tags.mlflow.parentRunId = 'r1'");
    expect(canOpen(branch)).toBe(true);
  });

  test("know their runs", () => {
    const branch = groupBranch(["params.model"], ["cnn"]);
    const of = (params: { key: string; value: string }[]): RunMessage => ({ info: {}, data: { params } });
    expect(isIn(branch, of([{ key: "model", value: "cnn" }]))).toBe(true);
    expect(isIn(branch, of([]))).toBe(false);
    expect(isIn(groupBranch(["params.model"], [null]), of([]))).toBe(true);
  });
});
