import { expect, test } from "vitest";
import type { RunMessage } from "@/api/endpoints";
import { columnOf, isCommon, numberOf, ofTexts, partsOf, spreads, varies } from "./columns";

test.each([
  ["1e-3", 0.001],
  ["-2.5", -2.5],
  [" 7 ", 7],
  [".5", 0.5],
  ["5.", 5],
  ["inf", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["nan", Number.NaN],
  ["", undefined],
  ["0x10", undefined],
  ["1_000", undefined],
  ["None", undefined],
  ["12 cm", undefined],
])("%j is %d", (text, number) => {
  expect(numberOf(text)).toEqual(number);
});

test("a param is numbers if every value is one", () => {
  expect(ofTexts("params.a", "a", ["10", null, "9"])).toMatchObject({
    kind: "numbers",
    values: [10, null, 9],
  });
  expect(ofTexts("params.a", "a", ["10", "None", "9", null])).toMatchObject({
    kind: "names",
    names: ["9", "10", "None"],
  });
  expect(ofTexts("params.a", "a", [null])).toMatchObject({ kind: "names", names: [] });
});

test("columns are read from runs", () => {
  const runs: RunMessage[] = [
    {
      info: { run_id: "a", start_time: 0, end_time: 2_500 },
      data: {
        metrics: [{ key: "val/loss", value: "NaN", timestamp: 0 }],
        params: [{ key: "x.y", value: "3" }],
      },
    },
    { info: { run_id: "b", start_time: 7_200_000 } },
  ];
  const endless = { key: "val/loss", value: -Number.MAX_VALUE, timestamp: 0 };
  expect(columnOf("metrics.val/loss", runs).values).toEqual([Number.NaN, null]);
  expect(columnOf("metrics.val/loss", [{ info: {}, data: { metrics: [endless] } }]).values).toEqual([
    Number.NEGATIVE_INFINITY,
  ]);
  expect(columnOf("params.x.y", runs).values).toEqual([3, null]);
  expect(columnOf("attributes.duration", runs).values).toEqual([2.5, null]);
  expect(columnOf("attributes.start_time", runs).values).toEqual([0, 2]);
  expect(columnOf("attributes.other", runs).values).toEqual([null, null]);
  expect(partsOf("params.x.y")).toEqual({ part: "params", key: "x.y" });
});

test("a column varies if runs that have a value have different ones", () => {
  expect(varies(ofTexts("a", "a", ["1", null, "1"]))).toBe(false);
  expect(varies(ofTexts("a", "a", ["1", "2"]))).toBe(true);
});

test("numbers over several powers of ten spread", () => {
  expect(spreads(ofTexts("a", "a", ["1e-5", null, "1e-3", "0.1"]))).toBe(true);
  expect(spreads(ofTexts("a", "a", ["0.001", "0.3", "0.6"]))).toBe(false);
  expect(spreads(ofTexts("a", "a", ["1", "64"]))).toBe(false);
  expect(spreads(ofTexts("a", "a", ["0", "1000"]))).toBe(false);
  expect(spreads(ofTexts("a", "a", ["x", "y"]))).toBe(false);
  expect(spreads(ofTexts("a", "a", [null]))).toBe(false);
});

test("a column is common if at most a fifth of the runs lack it", () => {
  expect(isCommon(ofTexts("a", "a", ["1", "2", "3", "4", null]))).toBe(true);
  expect(isCommon(ofTexts("a", "a", ["1", "2", null]))).toBe(false);
});
