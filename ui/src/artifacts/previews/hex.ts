/** Bytes as people read them: sixteen a line, and as characters where they are some. */

const WIDTH = 16;

export function hexLines(bytes: Uint8Array, start = 0): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const line = [...bytes.subarray(at, at + WIDTH)];
    const left = line.slice(0, 8).map(two).join(" ");
    const right = line.slice(8).map(two).join(" ");
    const signs = line
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·"))
      .join("");
    lines.push(
      `${(start + at).toString(16).padStart(8, "0")}  ${left.padEnd(23)}  ${right.padEnd(23)}  ${signs}`,
    );
  }
  return lines;
}

const two = (byte: number): string => byte.toString(16).padStart(2, "0");

const STARTS: [starts: string, format: string][] = [
  ["504b0304", "a zip archive (also NumPy .npz, PyTorch .pt, Word and Excel files)"],
  ["1f8b", "compressed by gzip"],
  ["28b52ffd", "compressed by Zstandard"],
  ["894844460d0a1a0a", "HDF5 (also Keras .h5)"],
  ["934e554d5059", "a NumPy array"],
  ["80", "perhaps a Python pickle: loading one runs what it says"],
  ["7f454c46", "a program or library (ELF)"],
  ["53514c69746520666f726d61742033", "an SQLite database"],
  ["47475546", "GGUF: weights for llama.cpp"],
  ["41525249", "an Arrow file"],
];

/** What the first bytes say; names say the rest. */
export function formatOf(bytes: Uint8Array): string | undefined {
  const start = [...bytes.subarray(0, 16)].map(two).join("");
  const found = STARTS.find(([starts]) => start.startsWith(starts))?.[1];
  if (found) return found;
  // safetensors: the length of a JSON header, then the header.
  return bytes[8] === 0x7b && bytes[9] === 0x22 && bytes[7] === 0
    ? "safetensors: weights, no code"
    : undefined;
}
