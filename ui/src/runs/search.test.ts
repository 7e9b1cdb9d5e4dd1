import { expect, test } from "vitest";
import { runsSearch } from "./search";

test("what an address says is read, and what it can't say is left out", () => {
  expect(
    runsSearch({
      filter: "metrics.loss < 1",
      order: "metrics.loss DESC",
      deleted: true,
      view: "charts",
      columns: ["status", "metrics.loss", "metrics.loss", "params.", "nonsense", 7],
      pinned: ["metrics.loss"],
      widths: { status: 3, "metrics.loss": 240.4, user: "wide", start: Number.NaN },
      group: ["params.model", "metrics.loss", "tags.team", "tags.more"],
      selected: "b,a,b,no id",
      charts: { x: "time" },
      other: 1,
    }),
  ).toEqual({
    filter: "metrics.loss < 1",
    order: "metrics.loss DESC",
    deleted: true,
    view: "charts",
    columns: ["status", "metrics.loss"],
    pinned: ["metrics.loss"],
    widths: { status: 56, "metrics.loss": 240 },
    group: ["params.model", "tags.team"],
    selected: "b,a",
    charts: { x: "time" },
  });
});

test("an empty address says nothing, and no columns are a choice", () => {
  expect(runsSearch({ filter: "", view: "table", deleted: false, charts: [], widths: [] })).toEqual({});
  expect(runsSearch({ columns: [] })).toEqual({ columns: [] });
});

test("a filter that looks like a number stays a text", () => {
  expect(runsSearch({ filter: 12 })).toEqual({ filter: "12" });
});

test("an id that looks like a number is one, and no ids are no selection", () => {
  expect(runsSearch({ selected: 12 })).toEqual({ selected: "12" });
  expect(runsSearch({ selected: ",", group: [] })).toEqual({});
});
