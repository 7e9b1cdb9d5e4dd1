/** What one tab did, others of the same browser show: they sit beside each other and look at the same server. */

export type News = "changed" | "signed-in" | "signed-out";

const channel =
  typeof BroadcastChannel === "undefined" || typeof document === "undefined"
    ? undefined
    : new BroadcastChannel(`headrace ${document.baseURI}`);

export function tellOtherTabs(news: News): void {
  channel?.postMessage(news);
}

export function hearOtherTabs(told: (news: News) => void): () => void {
  const hear = (event: MessageEvent<News>) => told(event.data);
  channel?.addEventListener("message", hear);
  return () => channel?.removeEventListener("message", hear);
}
