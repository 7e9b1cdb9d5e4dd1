/** Output as a terminal would show it, without colours. */

const ESCAPE = "\u001b";
// Sequences for colours and the cursor, titles of windows, and what stands alone.
const SEQUENCES = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\u0007${ESCAPE}]*(?:\u0007|${ESCAPE}\\\\)|[@-_])`,
  "g",
);

/** Progress bars write over their line: of such a line the last state counts. */
export function plainText(text: string): string {
  const found = text.includes(ESCAPE) ? text.replace(SEQUENCES, "") : text;
  return found.includes("\r") ? found.replace(/\r+\n/g, "\n").replace(/[^\n]*\r(?=[^\n])/g, "") : found;
}
