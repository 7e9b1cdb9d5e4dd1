import { tell } from "./Toasts";

/** Into the clipboard. Pages without encryption have none but the old command, which copies what is selected. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const box = document.createElement("textarea");
  const shown = document.querySelector("dialog:modal") ?? document.body; // what lies outside a dialog can't be selected
  box.value = text;
  box.className = "hidden-text";
  shown.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error("This browser doesn't let the page copy.");
}

/** The same, and says so; also where the browser refuses. */
export async function copyAndTell(text: string, said: string): Promise<void> {
  try {
    await copyText(text);
    tell(said);
  } catch (error) {
    tell((error as Error).message, "failed");
  }
}
