const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/** 0 B, 981 B, 1.2 KB, 340 MB: in steps of 1,000, as disks and browsers tell sizes. */
export function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return "";
  let [size, unit] = [bytes, 0];
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}
