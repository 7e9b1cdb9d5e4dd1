/** Colours of pictures: those of the theme, a ramp for numbers, and some for names. */

import { interpolateViridis } from "d3-scale-chromatic";
import { COLOURS } from "@/charts/colours";
import type { Axis } from "./axes";

export interface Palette {
  dark: boolean;
  surface: string;
  text: string;
  soft: string;
  line: string;
  strong: string;
  accent: string;
}

export function paletteOf(theme: string): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    dark: theme === "dark",
    surface: of("--surface"),
    text: of("--text"),
    soft: of("--text-soft"),
    line: of("--line"),
    strong: of("--line-strong"),
    accent: of("--accent"),
  };
}

const HUES = 16;
const APART = 5; // prime to the number of hues, so that names beside each other look unlike

/** Viridis without the end that the theme's background swallows. */
export const rampAt = (place: number, dark: boolean): string =>
  interpolateViridis(dark ? 0.2 + 0.8 * place : 0.92 * place);

export const nameColour = (index: number): string => COLOURS[(index * APART) % HUES] ?? "";

/** A run's colour by an axis; the soft one where it has no value there. */
export function colourBy(axis: Axis | undefined, at: number, palette: Palette): string {
  if (!axis) return palette.accent;
  const place = axis.places[at];
  if (place === null || place === undefined) return palette.strong;
  return axis.names ? nameColour(axis.valueAt(place)) : rampAt(place, palette.dark);
}
