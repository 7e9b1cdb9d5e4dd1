import { save } from "@/parts/save";
import { tell } from "@/parts/Toasts";

/** Into the clipboard; into a file where the browser has none, as on pages without encryption. */
export async function copied(text: string, fileName: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell("Copied.");
  } catch {
    save(new Blob([text], { type: "text/plain" }), fileName);
    tell(`This browser lets the page copy nothing; saved as ${fileName}.`);
  }
}
