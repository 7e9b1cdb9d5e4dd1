/** What a metric is worth: JSON has NaN as text, and MLflow's servers keep infinities as the greatest number there is. */
export function measured(value: number | string): number {
  const number = Number(value);
  return Math.abs(number) === Number.MAX_VALUE ? Math.sign(number) * Number.POSITIVE_INFINITY : number;
}
