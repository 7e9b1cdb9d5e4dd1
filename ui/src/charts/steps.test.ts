import { expect, test } from "vitest";
import { rangeAfter } from "./steps";

const ALL: [number, number] = [0, 100];

test.each<[string, [number, number], [number, number] | null | undefined]>([
  ["+", [0, 100], [25, 75]],
  ["=", [40, 60], [45, 55]],
  ["-", [40, 60], [30, 70]],
  ["-", [0, 20], [0, 40]],
  ["-", [20, 80], null],
  ["0", [20, 80], null],
  ["ArrowLeft", [40, 60], [35, 55]],
  ["ArrowLeft", [2, 22], [0, 20]],
  ["ArrowRight", [70, 90], [75, 95]],
  ["ArrowRight", [79, 99], [80, 100]],
  ["x", [0, 100], undefined],
])("%s of %j is %j", (key, range, next) => expect(rangeAfter(key, range, ALL)).toEqual(next));
