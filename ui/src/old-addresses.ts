/**
 * Addresses with a hash, as MLflow's clients print them and its pages have them: #/experiments/1/runs/ID,
 * #/models/NAME/versions/2, #/compare-runs?runs=[…]. They lead to the page of the same thing, and where they say what of
 * it is shown, to that.
 */

type Query = URLSearchParams;
type Way = (parts: string[], query: Query) => string;

const RUN_TABS: Record<string, string> = {
  "model-metrics": "charts",
  "system-metrics": "system",
  artifacts: "artifacts",
  artifactPath: "artifacts",
};

// The first that fits. Parts of paths stay encoded as they came.
const WAYS: [RegExp, Way][] = [
  [/^\/compare-runs/, (_, query) => comparison(query, undefined)],
  [/^\/metric(?:\/|$)/, (_, query) => comparison(query, "charts")],
  [/^\/compare-experiments/, (_, query) => `/experiments/${ids(query, "experiments")[0] ?? "0"}`],
  [/^\/compare-model-versions/, (_, query) => `/models/${encodeURIComponent(String(json(query, "name")))}`],
  [
    /^\/experiments\/(\d+)\/(?:evaluation-)?runs\/(\w+)(?:\/([^/]+))?(?:\/(.+))?/,
    ([experiment = "", run = "", tab = "", path = ""]) => runPage(experiment, run, tab, path),
  ],
  [/^\/(?:experiments\/\d+\/)?prompts\/([^/]+)/, ([name]) => `/models/${name}`],
  [/^\/experiments\/(\d+)/, ([experiment = ""], query) => runsPage(experiment, query)],
  [/^\/models\/([^/]+)\/versions\/(\d+)/, ([name, version]) => `/models/${name}/versions/${version}`],
  [/^\/models\/([^/]+)/, ([name]) => `/models/${name}`],
  [/^\/(?:models|prompts)/, () => "/models"],
];

export function pathOfHash(hash: string): string | null {
  if (!hash.startsWith("#/")) return null;
  const text = hash.slice(1);
  const mark = text.indexOf("?");
  const path = mark < 0 ? text : text.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : text.slice(mark));
  for (const [form, way] of WAYS) {
    const found = path.match(form);
    if (found) return way(found.slice(1), query);
  }
  return "/";
}

/** The path that the address's hash leads to, with the server's prefix; null where there is none. */
export function oldAddress(): string | null {
  const path = pathOfHash(window.location.hash);
  return path === null ? null : new URL(document.baseURI).pathname.replace(/\/$/, "") + path;
}

function runPage(experiment: string, run: string, tab: string, path: string): string {
  const shown = RUN_TABS[tab];
  return withQuery(`/experiments/${experiment}/runs/${run}`, {
    tab: shown,
    path: shown === "artifacts" ? decoded(path) : "",
  });
}

function runsPage(experiment: string, query: Query): string {
  const key = query.get("orderByKey");
  return withQuery(`/experiments/${experiment}`, {
    filter: query.get("searchFilter") ?? "",
    order: key ? `${key} ${query.get("orderByAsc") === "true" ? "ASC" : "DESC"}` : "",
    view: query.get("compareRunsMode") === "CHART" ? "charts" : "",
  });
}

function comparison(query: Query, view: string | undefined): string {
  const experiment = encodeURIComponent(ids(query, "experiments")[0] ?? "0");
  const runs = ids(query, "runs");
  if (runs.length === 1) return withQuery(`/experiments/${experiment}/runs/${runs[0]}`, { tab: view });
  return withQuery(`/experiments/${experiment}/compare`, { runs: runs.join(","), view });
}

function withQuery(path: string, fields: Record<string, string | undefined>): string {
  const given = Object.entries(fields).filter((each): each is [string, string] => Boolean(each[1]));
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return text ? `${path}?${text}` : path;
}

function json(query: Query, name: string): unknown {
  try {
    return JSON.parse(query.get(name) ?? "null");
  } catch {
    return null; // cut off on its way here
  }
}

function ids(query: Query, name: string): string[] {
  const found = json(query, name);
  return Array.isArray(found) ? found.map(String).filter((id) => /^\w+$/.test(id)) : [];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
