/** How two columns go together. Pairs with a missing or infinite side are for the caller to leave out. */

/** Pearson's r; undefined where a side doesn't vary or there are fewer than two pairs. */
export function pearson(x: readonly number[], y: readonly number[]): number | undefined {
  const n = x.length;
  if (n < 2) return undefined;
  const meanX = mean(x);
  const meanY = mean(y);
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < n; i += 1) {
    const dx = (x[i] ?? 0) - meanX;
    const dy = (y[i] ?? 0) - meanY;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  const scale = Math.sqrt(xx) * Math.sqrt(yy);
  return scale > 0 && Number.isFinite(scale) ? Math.max(-1, Math.min(1, xy / scale)) : undefined;
}

/** Spearman's rho: Pearson's r of the ranks, those of ties shared. */
export const spearman = (x: readonly number[], y: readonly number[]): number | undefined =>
  pearson(ranks(x), ranks(y));

/** From 1; equal values share the mean of their places. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const found = new Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end += 1;
    for (let at = start; at < end; at += 1) found[order[at] ?? 0] = (start + 1 + end) / 2;
    start = end;
  }
  return found;
}

/** Correlation ratio η: the square root of the share of y's variance that lies between groups. From 0 to 1. */
export function correlationRatio(groups: readonly string[], y: readonly number[]): number | undefined {
  const total = mean(y);
  const sums = new Map<string, { sum: number; count: number }>();
  let whole = 0;
  groups.forEach((group, at) => {
    const value = y[at] ?? 0;
    const known = sums.get(group) ?? { sum: 0, count: 0 };
    sums.set(group, { sum: known.sum + value, count: known.count + 1 });
    whole += (value - total) ** 2;
  });
  if (sums.size < 2 || !(whole > 0)) return undefined;
  let between = 0;
  for (const { sum, count } of sums.values()) between += count * (sum / count - total) ** 2;
  return Math.sqrt(Math.min(1, between / whole));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
