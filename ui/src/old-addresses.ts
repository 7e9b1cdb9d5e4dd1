/**
 * Addresses with a hash, as MLflow's clients print them: #/experiments/1/runs/ID, #/models/NAME/versions/2. They lead to
 * the page of the same thing.
 */

const COMPARE = /^\/compare-runs$/;

export function pathOfHash(hash: string): string | null {
  if (!hash.startsWith("#/")) return null;
  const [path = "", search = ""] = hash.slice(1).split("?");
  if (COMPARE.test(path)) {
    const query = new URLSearchParams(search);
    const ids = (name: string): string[] => JSON.parse(query.get(name) ?? "[]") as string[];
    const experiment = ids("experiments")[0] ?? "0";
    return `/experiments/${experiment}/compare?runs=${ids("runs").map(encodeURIComponent).join(",")}`;
  }
  const run = path.match(/^\/experiments\/(\d+)\/runs\/(\w+)/);
  if (run) return `/experiments/${run[1]}/runs/${run[2]}`;
  const experiment = path.match(/^\/experiments\/(\d+)/);
  if (experiment) return `/experiments/${experiment[1]}`;
  const version = path.match(/^\/models\/([^/]+)\/versions\/(\d+)/);
  if (version) return `/models/${version[1]}/versions/${version[2]}`;
  const model = path.match(/^\/models\/([^/]+)/);
  if (model) return `/models/${model[1]}`;
  return path.startsWith("/models") ? "/models" : "/";
}

export function followOldAddress(): void {
  const path = pathOfHash(window.location.hash);
  if (path !== null) window.history.replaceState(null, "", document.baseURI.replace(/\/$/, "") + path);
}
