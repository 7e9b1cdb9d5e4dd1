/** Which charts there are, and in which section each is. */

export interface Section {
  title: string;
  keys: string[];
}

export interface Found {
  keys: string[];
  /** Why the search can't be read. */
  problem?: string;
}

const ALONE = "metrics"; // the section of keys without a prefix
const SYSTEM = "system"; // what Headrace logs by itself stands last

/** Text anywhere in the key, whatever the case; or a regular expression between slashes. */
export function matching(keys: string[], search: string): Found {
  if (search === "") return { keys };
  const pattern = /^\/(.+?)\/?$/.exec(search)?.[1];
  if (pattern === undefined) {
    const text = search.toLowerCase();
    return { keys: keys.filter((key) => key.toLowerCase().includes(text)) };
  }
  try {
    const wanted = new RegExp(pattern);
    return { keys: keys.filter((key) => wanted.test(key)) };
  } catch (error) {
    return { keys, problem: (error as Error).message };
  }
}

/** By the first pattern that finds the key, else by what stands before its first slash. */
export function sectionsOf(keys: string[], patterns: string[] = []): Section[] {
  const readable = patterns.flatMap((pattern) => {
    try {
      return [{ pattern, expression: new RegExp(pattern) }];
    } catch {
      return [];
    }
  });
  const chosen = new Map<string, string[]>(readable.map(({ pattern }) => [pattern, []]));
  const prefixed = new Map<string, string[]>();
  for (const key of keys) {
    const found = readable.find(({ expression }) => expression.test(key));
    const slash = key.indexOf("/");
    const title = found ? found.pattern : slash > 0 ? key.slice(0, slash) : ALONE;
    const sections = found ? chosen : prefixed;
    const section = sections.get(title);
    if (section) section.push(key);
    else sections.set(title, [key]);
  }
  const place = (title: string) => (title === ALONE ? 0 : title === SYSTEM ? 2 : 1);
  const rest = [...prefixed].sort(([a], [b]) => place(a) - place(b) || a.localeCompare(b));
  return [...chosen, ...rest]
    .filter(([, found]) => found.length > 0)
    .map(([title, found]) => ({ title, keys: found }));
}

/** The first pattern that isn't a regular expression, and why. */
export function patternProblem(patterns: string[]): string | undefined {
  for (const pattern of patterns)
    try {
      new RegExp(pattern);
    } catch (error) {
      return (error as Error).message;
    }
  return undefined;
}
