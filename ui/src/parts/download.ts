const LATER_MS = 60_000;

/** The browser keeps a file that was made in the page. */
export function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), LATER_MS);
}

/** A file's name out of any text. */
export function fileName(text: string, ending: string): string {
  return `${text.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80)}.${ending}`;
}
