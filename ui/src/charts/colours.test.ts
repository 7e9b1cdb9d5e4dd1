import { expect, test } from "vitest";
import { COLOURS, colourOf, coloursOf } from "./colours";

function luminance(colour: string): number {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
}

test.each(COLOURS)("%s is seen on both surfaces", (colour) => {
  expect(contrast(colour, "#ffffff")).toBeGreaterThanOrEqual(3);
  expect(contrast(colour, "#171f1e")).toBeGreaterThanOrEqual(3);
});

test("a run keeps its colour, and runs spread over the colours", () => {
  const ids = Array.from({ length: 480 }, (_, i) => i.toString(16).padStart(32, "0"));
  expect(ids.map(colourOf)).toEqual(ids.map(colourOf));
  expect(new Set(ids.map(colourOf)).size).toBe(COLOURS.length);
});

test("a few groups have hues apart, in whichever order they come", () => {
  const names = ["svm", "mlp", "tree", "forest", "boost"];
  const found = coloursOf(names);
  expect(new Set(names.map((name) => COLOURS.indexOf(found.get(name) ?? "") % 16)).size).toBe(names.length);
  expect(coloursOf([...names].reverse())).toEqual(found);
  expect(coloursOf(Array.from({ length: 100 }, (_, i) => `group ${i}`)).size).toBe(100);
});
