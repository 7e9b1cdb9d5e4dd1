import { expect, test } from "vitest";
import { chartState } from "./state";

test("a whole state is kept, and goes through JSON", () => {
  const state = {
    x: "relative",
    logX: true,
    logY: true,
    smooth: 0.6,
    clip: true,
    bands: true,
    sections: ["^train/"],
    closed: ["val"],
    search: "/loss$/",
    zoom: { loss: [1, 5] },
    columns: 2,
    hidden: ["a"],
    large: "loss",
  };
  expect(chartState(JSON.parse(JSON.stringify(state)))).toEqual(state);
});

test.each([undefined, null, 3, "x", [], {}, { x: "step", smooth: 0, clip: false, zoom: {}, hidden: [] }])(
  "%j is the default, which an address doesn't say",
  (given) => expect(chartState(given)).toEqual({}),
);

test("what makes no sense is left out, numbers are brought into their range", () => {
  expect(
    chartState({
      x: "sideways",
      smooth: 7,
      columns: 99,
      closed: [1, "val"],
      zoom: { a: [5, 1], b: [1, Number.NaN], c: "x", d: [1, 2] },
    }),
  ).toEqual({ smooth: 0.99, columns: 6, closed: ["val"], zoom: { d: [1, 2] } });
});
