/** Chromium, a fresh context for each sample, and the clocks that run inside its pages. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../../ui/package.json", import.meta.url))("playwright-core");
const PROGRAM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--js-flags=--expose-gc",
];
export const LIMIT_MS = 60_000;

export async function opened() {
  return await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
}

/** What `work` gives with a page of a context that has no cache, no cookies and no past. */
export async function fresh(browser, work, viewport = { width: 1440, height: 900 }) {
  const context = await browser.newContext({ viewport });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    await page.addInitScript(clocks, LIMIT_MS);
    return await work(page, context);
  } finally {
    await context.close();
  }
}

/**
 * Runs in the page before anything of it. `clock.seen(selector, pattern)` gives the time at which an element with such a
 * text had been painted, `clock.changed(selector, text)` that at which the first one had another text than this;
 * `clock.drawn` is when the last line on a canvas had been, `clock.pressed` when Enter or the mouse last was.
 */
function clocks(limitMs) {
  const afterPaint = (act) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => act(performance.now());
      port2.postMessage(0);
    });
  const inSight = (element) => {
    const { top, bottom, width } = element.getBoundingClientRect();
    return width > 0 && bottom > 0 && top < innerHeight;
  };
  const painted = (there) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("what was waited for wasn't painted")), limitMs);
      const look = () => {
        if (!there()) return requestAnimationFrame(look);
        clearTimeout(late);
        afterPaint(resolve);
      };
      look();
    });
  const clock = {
    drawn: 0,
    strokes: 0,
    pressed: 0,
    seen: (selector, pattern) => {
      const wanted = new RegExp(pattern);
      const like = (each) => wanted.test(each.textContent) && inSight(each);
      return painted(() => [...document.querySelectorAll(selector)].some(like));
    },
    changed: (selector, text) =>
      painted(() => (document.querySelector(selector)?.textContent ?? text) !== text),
  };
  let waiting = false;
  const draw = () => {
    clock.strokes += 1;
    if (waiting) return;
    waiting = true;
    afterPaint((now) => {
      waiting = false;
      clock.drawn = now;
    });
  };
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function (...path) {
    draw();
    return stroke.apply(this, path);
  };
  for (const context of [globalThis.WebGLRenderingContext, globalThis.WebGL2RenderingContext]) {
    const drawArrays = context?.prototype.drawArrays;
    if (drawArrays)
      context.prototype.drawArrays = function (...given) {
        draw();
        return drawArrays.apply(this, given);
      };
  }
  for (const kind of ["keydown", "pointerup", "click"])
    addEventListener(
      kind,
      (event) => {
        if (kind !== "keydown" || event.key === "Enter") clock.pressed = event.timeStamp;
      },
      true,
    );
  globalThis.clock = clock;
}

/** Milliseconds from the start of the navigation until such a text was painted. */
export async function opening(page, address, { selector, pattern }) {
  await page.goto(address, { waitUntil: "commit" });
  return await page.evaluate(([found, like]) => clock.seen(found, like), [selector, pattern]);
}

/** Counts what comes in: call it before, and its answer afterwards. */
export async function counted(page) {
  const session = await page.context().newCDPSession(page);
  const kinds = new Map();
  const found = { bytes: 0, scriptBytes: 0, responses: 0 };
  session.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    found.bytes += encodedDataLength;
    found.responses += 1;
    if (kinds.get(requestId) === "Script") found.scriptBytes += encodedDataLength;
  });
  await session.send("Network.enable");
  return () => ({ ...found });
}

/** Until no request is under way (streams of events never end) and nothing was drawn for `quietMs`. */
export async function settled(page, quietMs = 700) {
  await page.waitForLoadState("networkidle", { timeout: quietMs * 3 }).catch(() => undefined);
  const began = Date.now();
  let last = -1;
  while (Date.now() - began < LIMIT_MS) {
    const strokes = await page.evaluate(() => clock.strokes);
    if (strokes === last) return;
    last = strokes;
    await page.waitForTimeout(quietMs);
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
