/** A command of the package that serves: started, waited for until it says where, stopped. */

import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";

export const ROOT = new URL("../..", import.meta.url).pathname;
export const HEADRACE = process.env.HEADRACE_BIN ?? join(ROOT, ".venv", "bin", "headrace");
export const PYTHON = join(dirname(HEADRACE), "python");
const READY_MS = 80_000;

export interface Place {
  folder: string;
  variables?: Record<string, string>;
}

export interface Started {
  url: string;
  process: ChildProcess;
}

/** The address that the command prints once it answers. */
export async function started(words: string[], { folder, variables = {} }: Place): Promise<Started> {
  const child = spawn(HEADRACE, words, {
    cwd: folder,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`headrace ${words.join(" ")} isn't ready`)), READY_MS);
    child.stdout.on("data", (data: Buffer) => {
      const found = String(data).match(/http:\/\/\S+/);
      if (found) {
        clearTimeout(late);
        resolve(found[0]);
      }
    });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`headrace ${words.join(" ")} ended with ${code}`)));
  });
  return { url, process: child };
}

export async function stopped(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** What the words print; their errors are told in the test's output. */
export async function said(program: string, words: string[], place: Place, input = ""): Promise<string> {
  const child = spawn(program, words, {
    cwd: place.folder,
    env: { ...process.env, ...place.variables },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(input);
  const parts: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => parts.push(data));
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`${program} ${words[0]} ended with ${code}`);
  return Buffer.concat(parts).toString("utf8");
}
