/** The feed of this tab, from the server that the page is from. */

import { address, call } from "@/api/call";
import { ADDRESSES, type ChangesAnswer } from "@/api/endpoints";
import { Feed, type Stream } from "./feed";
import { releaseSlot, takeSlot } from "./slots";

function open(experimentIds: string[], since: string | undefined): Stream {
  const source = new EventSource(
    address(ADDRESSES["changes.stream"], { experiment_ids: experimentIds, since }),
  );
  const stream: Stream = { onchanges: () => {}, onlost: () => {}, close: () => source.close() };
  source.addEventListener("changes", (event: MessageEvent<string>) =>
    stream.onchanges(JSON.parse(event.data) as ChangesAnswer),
  );
  // By itself a browser would try again for ever, every three seconds, all tabs at once.
  source.onerror = () => stream.onlost();
  return stream;
}

export const feed = new Feed({
  open,
  ask: (experimentIds, since) => call("changes.list", { experiment_ids: experimentIds, since }),
  takeSlot,
  releaseSlot,
});

feed.show(!document.hidden);
document.addEventListener("visibilitychange", () => feed.show(!document.hidden));
window.addEventListener("online", () => feed.again());
