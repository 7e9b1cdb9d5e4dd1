/** What goes wrong while somebody looks: each is told, and the page goes on by itself or says how. */

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { seriousProblems } from "./axe";
import { openBrowser, Server } from "./server";

const server = new Server();
const guarded = new Server({ flags: ["--auth", "basic"] });
const OWNER = { username: "olga", password: "correct horse" };
const READER = { username: "rita", password: "battery staple" };
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  await Promise.all([server.start(), guarded.user(OWNER, "admin").then(() => guarded.start())]);
  await guarded.user(READER, "reader");
  guarded.login = OWNER;
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([server.close(), guarded.close()]);
});

async function opened(url: string): Promise<Page> {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, bypassCSP: true });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(url);
  return page;
}

afterEach(async () => {
  await context?.close();
});

const dialog = () => page.getByRole("dialog");

const create = () => page.getByRole("button", { name: "Create" }).click();

async function typeNewExperiment(name: string): Promise<void> {
  await page.getByRole("button", { name: "New experiment" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Description (Markdown)").fill("typed with care");
}

async function signIn({ username, password }: typeof OWNER): Promise<void> {
  await dialog().getByLabel("User name").fill(username);
  await dialog().getByLabel("Password", { exact: true }).fill(password);
  await dialog().getByRole("button", { name: "Sign in" }).click();
}

test("a server that goes away takes nothing that was typed, and the page goes on when it is back", async () => {
  await opened(server.url);
  const watched = await context.newPage();
  await watched.goto(`${server.url}/experiments/0`);
  await watched.getByRole("heading", { name: "Default" }).waitFor();
  await page.bringToFront();
  await page.getByRole("link", { name: "Default" }).waitFor();
  const port = Number(new URL(server.url).port);
  await server.stop();
  await typeNewExperiment("kept through an outage");
  await create();
  await dialog().getByText("The server doesn't answer.").waitFor();
  await expect.poll(() => page.getByLabel("Description (Markdown)").inputValue()).toBe("typed with care");
  await page.getByText("What you see may be old", { exact: false }).waitFor();
  await server.start(port);
  await page.getByText("What you see may be old", { exact: false }).waitFor({ state: "detached" });
  await create();
  await page.getByRole("link", { name: "kept through an outage" }).waitFor();
  await server.post("runs/create", { experiment_id: "0", run_name: "after the outage" });
  await watched.getByRole("link", { name: "after the outage" }).waitFor();
});

test("a part of the page that can't be had while the server is away is had when it is back", async () => {
  await opened(server.url);
  await page.getByRole("link", { name: "Default" }).waitFor();
  const port = Number(new URL(server.url).port);
  await server.stop();
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByRole("heading", { name: "This page isn't complete" }).waitFor();
  await server.start(port);
  await page.getByRole("heading", { name: "Models", exact: true }).waitFor();
});

test("a page of yesterday's server is loaded anew once, and says so", async () => {
  await opened(server.url);
  await page.getByRole("link", { name: "Default" }).waitFor();
  let loads = 0;
  page.on("request", (request) => {
    if (request.isNavigationRequest()) loads += 1;
  });
  await page.route("**/assets/ModelsPage-*.js", async (route) => {
    if (loads === 0) await route.fulfill({ status: 404, body: "{}" });
    else await route.continue();
  });
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByText("this one was loaded anew", { exact: false }).waitFor();
  await page.getByRole("heading", { name: "Models", exact: true }).waitFor();
  expect(loads).toBe(1);
});

test("a server whose pages aren't complete is told, and isn't asked for ever", async () => {
  await opened(server.url);
  let asked = 0;
  await page.route("**/assets/ModelsPage-*.js", async (route) => {
    asked += 1;
    await route.fulfill({ status: 404, body: "{}" });
  });
  await page.goto(`${server.url}/models`);
  await page.getByRole("heading", { name: "A part of this page is missing" }).waitFor();
  const before = asked;
  await page.waitForTimeout(1_000);
  expect(asked).toBe(before);
  expect(await seriousProblems(page)).toEqual([]);
});

test("a page that fails says so, keeps the way to others, and works when tried again", async () => {
  await opened(server.url);
  await page.route("**/experiments/search", (route) =>
    route.fulfill({ json: { experiments: [{ experiment_id: "0", name: "broken", tags: 5 }] } }),
  );
  await page.reload();
  await page.getByRole("heading", { name: "This page failed" }).waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await page.getByRole("link", { name: "Models", exact: true }).click();
  await page.getByRole("heading", { name: "Models", exact: true }).waitFor();
  await page.getByRole("link", { name: "Experiments", exact: true }).click();
  await page.getByRole("heading", { name: "This page failed" }).waitFor();
  await page.unroute("**/experiments/search");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("link", { name: "Default" }).waitFor();
});

test("who isn't signed in is asked; a login that ran out is told, and an edit survives it", async () => {
  await opened(guarded.url);
  await signIn({ ...OWNER, password: "wrong horse" });
  await dialog().getByText("Unknown user or token, or wrong password.").waitFor();
  expect(await seriousProblems(page)).toEqual([]);
  await signIn(OWNER);
  await page.getByRole("link", { name: "Default" }).waitFor();
  await page.getByRole("button", { name: "olga" }).waitFor();
  await typeNewExperiment("kept through a login");
  await context.clearCookies();
  await create();
  await page.getByRole("dialog", { name: "Sign in" }).waitFor();
  await signIn(OWNER);
  await expect.poll(() => page.getByLabel("Description (Markdown)").inputValue()).toBe("typed with care");
  await create();
  await page.getByRole("link", { name: "kept through a login" }).waitFor();
  await page.getByRole("button", { name: "olga" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("dialog", { name: "Sign in" }).waitFor();
  await expect.poll(() => page.getByRole("link", { name: "Default" }).count()).toBe(0);
});

test("who may only read is told so where they write", async () => {
  await opened(guarded.url);
  await signIn(READER);
  await page.getByRole("link", { name: "Default" }).waitFor();
  await typeNewExperiment("not for readers");
  await create();
  await dialog().getByText("has the role reader", { exact: false }).waitFor();
});

test("what one tab does another one shows", async () => {
  const first = await opened(server.url);
  await first.getByRole("link", { name: "Default" }).waitFor();
  const second = await context.newPage();
  await second.goto(server.url);
  await second.getByRole("link", { name: "Default" }).waitFor();
  await first.bringToFront();
  await typeNewExperiment("made in the first tab");
  await create();
  await second.getByRole("link", { name: "made in the first tab" }).waitFor();
});
