import { tell } from "@/parts/Toasts";

/** Into the clipboard; into a file where the browser has none, as on pages without encryption. */
export async function copied(text: string, fileName: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell("Copied.");
  } catch {
    saved(new Blob([text], { type: "text/plain" }), fileName);
    tell(`This browser lets the page copy nothing; saved as ${fileName}.`);
  }
}

export function saved(content: Blob, fileName: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
