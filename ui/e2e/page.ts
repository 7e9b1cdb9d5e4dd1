/** What most files of tests have: a server, and a page in a Chromium, from before the first test to after the last. */

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type Given, openBrowser, openPage, Server } from "./server";

export let browser: Browser;
export let page: Page;
let errors: string[] = [];

/** Said at the top of a file, before its own hooks. A test fails by what went wrong in the page meanwhile, too. */
export function servedPage(given?: Given): Server {
  const server = new Server(given);
  beforeAll(async () => {
    [browser] = await Promise.all([openBrowser(), server.start()]);
    ({ page, errors } = await openPage(browser));
  });
  afterEach(() => {
    // No page failed, and nothing ran that shouldn't.
    expect(errors.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });
  return server;
}

/** What the API answers to `runs/create` and `experiments/create`. */
export interface Made {
  experiment_id: string;
  run: { info: { run_id: string } };
}
