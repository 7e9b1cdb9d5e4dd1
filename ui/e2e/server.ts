/** A real server with an empty store of its own, and a real Chromium. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const ROOT = new URL("../..", import.meta.url).pathname;
const HEADRACE = process.env.HEADRACE_BIN ?? join(ROOT, ".venv", "bin", "headrace");
const READY_MS = 60_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

export class Server {
  url = "";
  private readonly folder = mkdtempSync(join(tmpdir(), "headrace-ui-"));
  private child: ChildProcess | undefined;

  async start(port = 0): Promise<void> {
    const words = [
      "server",
      "--port",
      String(port),
      "--backend-store-uri",
      `sqlite:///${this.folder}/store.db`,
    ];
    const child = spawn(HEADRACE, words, { cwd: this.folder, stdio: ["ignore", "pipe", "inherit"] });
    this.child = child;
    this.url = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the server isn't ready")), READY_MS);
      child.stdout?.on("data", (data: Buffer) => {
        const found = String(data).match(/http:\/\/\S+/);
        if (found) {
          clearTimeout(late);
          resolve(found[0]);
        }
      });
      child.on("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    });
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async post(path: string, body: object): Promise<Record<string, never>> {
    const answer = await fetch(`${this.url}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, never>;
  }
}

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A page whose errors fail the test that looks at `errors`. */
export async function openPage(browser: Browser): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(20_000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("dialog", (dialog) => {
    errors.push(`a script ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) errors.push(message.text());
  });
  return { page, errors };
}
