/**
 * `application/vnd.headrace.chart`: all numbers little-endian, every part at a multiple of 8 bytes. All columns
 * are views of the answer, in which integers become doubles: those hold steps and milliseconds exactly up to 2^53.
 */

import type { Series } from "./series";

export type { Series };

export const MEDIA_TYPE = "application/vnd.headrace.chart";
const MAGIC = "HRCHART1";
const HEAD_BYTES = 24;
const HIGH = 2 ** 32;

const text = new TextDecoder();

export function unpackChart(buffer: ArrayBuffer): Series[] {
  if (text.decode(new Uint8Array(buffer, 0, Math.min(MAGIC.length, buffer.byteLength))) !== MAGIC)
    throw new Error("The answer is no chart.");
  const view = new DataView(buffer);
  const series: Series[] = [];
  let at = 16;
  for (let left = Number(view.getBigUint64(8, true)); left > 0; left -= 1) {
    const total = Number(view.getBigUint64(at, true));
    const n = Number(view.getBigUint64(at + 8, true));
    const runBytes = view.getUint32(at + 16, true);
    const keyBytes = view.getUint32(at + 20, true);
    at += HEAD_BYTES;
    const runId = text.decode(new Uint8Array(buffer, at, runBytes));
    const key = text.decode(new Uint8Array(buffer, at + runBytes, keyBytes));
    at += Math.ceil((runBytes + keyBytes) / 8) * 8;
    const longs = () => {
      const found = integers(buffer, at, n);
      at += 8 * n;
      return found;
    };
    const doubles = () => {
      const found = withInfinities(new Float64Array(buffer, at, n));
      at += 8 * n;
      return found;
    };
    series.push({
      runId,
      key,
      total,
      x: longs(),
      last: doubles(),
      minimum: doubles(),
      minimumX: longs(),
      maximum: doubles(),
      maximumX: longs(),
      count: longs(),
    });
  }
  return series;
}

/** In place, and read as two halves: some ten times as fast as through BigInt. */
function integers(buffer: ArrayBuffer, at: number, n: number): Float64Array {
  const halves = new Int32Array(buffer, at, 2 * n);
  const found = new Float64Array(buffer, at, n);
  for (let i = 0; i < n; i += 1)
    found[i] = (halves[2 * i + 1] as number) * HIGH + ((halves[2 * i] as number) >>> 0);
  return found;
}

/** Stores keep an infinity as the largest double there is, as MLflow's do. */
function withInfinities(values: Float64Array): Float64Array {
  for (let i = 0; i < values.length; i += 1)
    if (Math.abs(values[i] as number) === Number.MAX_VALUE) values[i] = (values[i] as number) * 2;
  return values;
}
