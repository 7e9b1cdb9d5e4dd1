/** A real server with a store of its own, and a real Chromium. */

import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { HEADRACE, PYTHON, said, started, stopped } from "./command";

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

export interface Given {
  /** More words of `headrace server`, such as "--auth", "basic" or "--static-prefix", "/team". */
  flags?: string[];
  /** Environment variables of the server and of what seeds it. */
  variables?: Record<string, string>;
}

interface Login {
  username: string;
  password: string;
}

export class Server {
  url = "";
  /** Where the server works: its database is store.db there, its artifacts are in mlartifacts. */
  readonly folder = mkdtempSync(join(tmpdir(), "headrace-ui-"));
  /** Who `post` and `seed` are for the server, with --auth basic. */
  login: Login | undefined;
  private child: ChildProcess | undefined;

  constructor(private readonly given: Given = {}) {}

  private get storeUri(): string {
    return `sqlite:///${this.folder}/store.db`;
  }

  private get place() {
    const { folder, given } = this;
    return { folder, variables: { HEADRACE_HOME: folder, ...given.variables } };
  }

  async start(port = 0): Promise<void> {
    const words = ["server", "--port", String(port), "--backend-store-uri", this.storeUri];
    const { url, process } = await started([...words, ...(this.given.flags ?? [])], this.place);
    this.url = url;
    this.child = process;
  }

  async stop(): Promise<void> {
    await stopped(this.child);
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A user of a server with --auth; to be made before it starts or while it runs. */
  async user({ username, password }: Login, role: "reader" | "editor" | "admin"): Promise<void> {
    const words = ["users", "create", username, "--role", role, "--password-stdin"];
    await said(HEADRACE, [...words, "--backend-store-uri", this.storeUri], this.place, `${password}\n`);
  }

  async post(path: string, body: object): Promise<Record<string, never>> {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (this.login) headers.Authorization = `Basic ${btoa(`${this.login.username}:${this.login.password}`)}`;
    const answer = await fetch(`${this.url}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, never>;
  }

  /**
   * Runs Python whose `headrace` speaks to this server (the package and what `make setup` installs are there), and
   * gives back the JSON of the last line that it prints.
   */
  async seed<T = void>(python: string): Promise<T> {
    const { folder, variables } = this.place;
    const login = this.login && {
      MLFLOW_TRACKING_USERNAME: this.login.username,
      MLFLOW_TRACKING_PASSWORD: this.login.password,
    };
    const place = { folder, variables: { ...variables, MLFLOW_TRACKING_URI: this.url, ...login } };
    const last = (await said(PYTHON, ["-W", "ignore", "-c", python], place)).trim().split("\n").at(-1);
    return (last ? JSON.parse(last) : undefined) as T;
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
