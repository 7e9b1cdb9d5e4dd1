/** PNG pages of every view, light and dark, into build/screenshots: `make screenshots`; ONLY=runs,chart takes a part. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../e2e/command";
import { openBrowser } from "../e2e/server";
import { type Demo, demo } from "./demo";
import { type View, views } from "./views";

const OUT = join(ROOT, "build", "screenshots");
const ONLY = process.env.ONLY?.split(",") ?? [""];
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };
const SETTLE_MS = 600;
const READY_MS = 15_000;

let data: Demo;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(OUT, { recursive: true });
  data = await demo();
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await data?.close();
});

async function take(view: View, colorScheme: "light" | "dark", viewport: typeof WIDE): Promise<string[]> {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`${view.name}: ${error.message}`));
  try {
    await page.goto(data.url + view.path);
    await page.waitForLoadState("load");
    if (view.ready)
      await page
        .locator(view.ready)
        .first()
        .waitFor({ timeout: READY_MS })
        .catch(() => problems.push(`${view.name}: there is no ${view.ready}`));
    await view
      .act?.(page)
      .catch((error: Error) => problems.push(`${view.name}: ${error.message.slice(0, 200)}`));
    await page.waitForTimeout(SETTLE_MS / 2);
    await page
      .getByText(/^(Loading…|Looking for)/)
      .first()
      .waitFor({ state: "hidden", timeout: READY_MS })
      .catch(() => problems.push(`${view.name}: still loading`));
    await page.waitForTimeout(SETTLE_MS);
    const narrow = viewport.width === NARROW.width;
    await page.screenshot({ path: join(OUT, `${view.name}-${colorScheme}${narrow ? "-390" : ""}.png`) });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) problems.push(`${view.name}: ${over} px too wide at ${viewport.width}`);
  } finally {
    await context.close();
  }
  return problems;
}

test("every view is drawn, light and dark", { timeout: 900_000 }, async () => {
  const problems: string[] = [];
  for (const view of views(data).filter((each) => ONLY.some((part) => each.name.includes(part)))) {
    const wide = { ...WIDE, height: view.height ?? WIDE.height };
    problems.push(...(await take(view, "light", wide)), ...(await take(view, "dark", wide)));
    if (view.narrow) problems.push(...(await take(view, "light", NARROW)));
  }
  expect(problems).toEqual([]);
});
