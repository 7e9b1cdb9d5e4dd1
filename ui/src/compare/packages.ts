/** Which Python and packages a run had, out of the files that tell. */

import { parse } from "yaml";

export interface Packages {
  python?: string;
  /** Versions by name; "" where a file names the package alone. */
  versions: Record<string, string>;
}

const PYTHON_HEAD = "# Python ";
const REQUIREMENT = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)/;

/** Names of packages are the same in any case, with dashes, dots or underscores. */
const canonical = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

/** Lines of requirements.txt, of a lock with hashes, or of the packages.txt of a project's run. */
export function ofRequirements(text: string): Packages {
  const found: Packages = { versions: {} };
  for (const line of text.split("\n")) {
    if (line.startsWith(PYTHON_HEAD)) found.python = line.slice(PYTHON_HEAD.length).trim();
    if (/^\s/.test(line)) continue; // goes on with the line before: hashes and notes of a lock
    const [, name, rest = ""] = line.match(REQUIREMENT) ?? [];
    if (name) found.versions[canonical(name)] = versionOf(rest);
  }
  return found;
}

function versionOf(rest: string): string {
  const text = rest.replace(/\\\s*$/, "").trim();
  return text.startsWith("==") && !text.includes(",") ? text.replace(/^={2,3}\s*/, "") : text;
}

/** python_env.yaml names the Python, conda.yaml also packages. */
export function ofYaml(text: string): Packages {
  const found: Packages = { versions: {} };
  const read = readable(text);
  if (typeof read?.python === "string" || typeof read?.python === "number")
    found.python = String(read.python);
  const lines = Array.isArray(read?.dependencies) ? (read.dependencies as unknown[]) : [];
  for (const line of lines) {
    if (typeof line === "string" && !line.startsWith("-")) put(found, line);
    const pip = (line as { pip?: unknown } | null)?.pip;
    if (Array.isArray(pip))
      Object.assign(found.versions, ofRequirements(pip.map(String).join("\n")).versions);
  }
  return found;
}

function put(found: Packages, line: string): void {
  const [, name = "", rest = ""] = line.match(/^([A-Za-z0-9._-]+)\s*(.*)$/) ?? [];
  const version = rest.replace(/^=+\s*/, "").trim();
  if (name === "python") found.python ??= version;
  else if (name) found.versions[canonical(name)] = version;
}

function readable(text: string): Record<string, unknown> | null {
  try {
    const read: unknown = parse(text);
    return read !== null && typeof read === "object" ? (read as Record<string, unknown>) : null;
  } catch {
    return null; // a file that somebody else wrote
  }
}

/** The first that tells something wins, package by package. */
export function together(parts: readonly Packages[]): Packages {
  const found: Packages = { versions: {} };
  for (const part of [...parts].reverse()) {
    found.python = part.python ?? found.python;
    Object.assign(found.versions, part.versions);
  }
  return found;
}
