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
