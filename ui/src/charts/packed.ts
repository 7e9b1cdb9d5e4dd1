/**
 * `application/vnd.headrace.chart`: all numbers little-endian, every part at a multiple of 8 bytes. Arrays are views of
 * the answer; nothing is copied.
 */

export interface Series {
  runId: string;
  key: string;
  /** Points that lie in the range, before they were put into buckets. */
  total: number;
  x: BigInt64Array;
  last: Float64Array;
  minimum: Float64Array;
  minimumX: BigInt64Array;
  maximum: Float64Array;
  maximumX: BigInt64Array;
  count: BigInt64Array;
}

export const MEDIA_TYPE = "application/vnd.headrace.chart";
const MAGIC = "HRCHART1";
const HEAD_BYTES = 24;

const text = new TextDecoder();

export function unpackChart(buffer: ArrayBuffer): Series[] {
  if (text.decode(new Uint8Array(buffer, 0, MAGIC.length)) !== MAGIC)
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
      const found = new BigInt64Array(buffer, at, n);
      at += 8 * n;
      return found;
    };
    const doubles = () => {
      const found = new Float64Array(buffer, at, n);
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
