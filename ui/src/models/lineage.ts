/** Where a version comes from and what came of it, as a graph in layers from left to right. */

import type { LineageAnswer, ModelVersionMessage } from "@/api/endpoints";

export type Kind = "dataset" | "commit" | "run" | "model" | "version";

/** page: what it leads to. here: the version whose page it is. */
export interface Node {
  id: string;
  kind: Kind;
  title: string;
  note: string;
  layer: number;
  here?: boolean;
  page?:
    | { kind: "run"; experimentId: string; runId: string }
    | { kind: "version"; name: string; version: string }
    | { kind: "dataset"; experimentId: string; digest: string }
    | { kind: "files"; name: string; version: string };
}

export interface Graph {
  nodes: Node[];
  edges: [from: string, to: string][];
}

export interface Placed extends Node {
  x: number;
  y: number;
}

export const NODE = { width: 200, height: 46, gapX: 40, gapY: 12 };
const HERE = "here";
const MOST = 8; // datasets, and copies: more than that nobody reads in a picture

/** same: versions with the very same files, wherever they are registered. */
export function graphOf(lineage: LineageAnswer, same: ModelVersionMessage[]): Graph {
  const { name, version } = lineage.model_version;
  const nodes: Node[] = [];
  const edges: Graph["edges"] = [];
  const { experiment_id: experimentId, run_id: runId, git } = lineage;
  const named = new Map(
    (lineage.datasets ?? []).map((each) => [
      `dataset ${each.name} ${each.digest} ${each.context ?? ""}`,
      each,
    ]),
  );
  for (const [id, each] of [...named].slice(0, MOST)) {
    nodes.push({
      id,
      kind: "dataset",
      title: each.name,
      note: [each.context, each.digest].filter(Boolean).join(" · "),
      layer: 0,
      page: experimentId ? { kind: "dataset", experimentId, digest: each.digest } : undefined,
    });
    edges.push([id, "run"]);
  }
  if (named.size > MOST) {
    nodes.push({ id: "others", kind: "dataset", title: `${named.size - MOST} others`, note: "", layer: 0 });
    edges.push(["others", "run"]);
  }
  if (git) {
    const note = [git.branch, git.dirty && "with changes"].filter(Boolean).join(", ");
    nodes.push({ id: "commit", kind: "commit", title: git.commit.slice(0, 12), note, layer: 0 });
    edges.push(["commit", "run"]);
  }
  let last: string | undefined;
  const after = (node: Node) => {
    nodes.push(node);
    if (last) edges.push([last, node.id]);
    last = node.id;
  };
  if (runId)
    after({
      id: "run",
      kind: "run",
      title: lineage.run_name || runId,
      note: experimentId ? (lineage.run_status ?? "").toLowerCase() : "gone",
      layer: 1,
      page: experimentId ? { kind: "run", experimentId, runId } : undefined,
    });
  if (lineage.model_id)
    after({
      id: "model",
      kind: "model",
      title: lineage.model_id,
      note: "its files",
      layer: 2,
      page: { kind: "files", name, version },
    });
  const origin = versionAt(lineage.copied_from);
  if (origin)
    after({
      id: "origin",
      kind: "version",
      title: `${origin.name} ${origin.version}`,
      note: "copied from",
      layer: 3,
      page: { kind: "version", ...origin },
    });
  after({
    id: HERE,
    kind: "version",
    title: `${name} ${version}`,
    note: "this version",
    layer: 4,
    here: true,
  });
  for (const each of same.filter((one) => one.source === `models:/${name}/${version}`).slice(0, MOST)) {
    const id = `copy ${each.name} ${each.version}`;
    nodes.push({
      id,
      kind: "version",
      title: `${each.name} ${each.version}`,
      note: "copy",
      layer: 5,
      page: { kind: "version", name: each.name, version: each.version },
    });
    edges.push([HERE, id]);
  }
  const known = new Set(nodes.map((node) => node.id));
  return { nodes, edges: edges.filter(([from, to]) => known.has(from) && known.has(to)) };
}

/** Each layer a column, its nodes about the middle; layers without nodes take no room. */
export function layout(graph: Graph): { nodes: Placed[]; width: number; height: number } {
  const layers = [...new Set(graph.nodes.map((node) => node.layer))].sort((a, b) => a - b);
  const columns = layers.map((layer) => graph.nodes.filter((node) => node.layer === layer));
  const tall = (count: number) => count * NODE.height + Math.max(0, count - 1) * NODE.gapY;
  const height = Math.max(0, ...columns.map((column) => tall(column.length)));
  const nodes = columns.flatMap((column, at) =>
    column.map((node, row) => ({
      ...node,
      x: at * (NODE.width + NODE.gapX),
      y: (height - tall(column.length)) / 2 + row * (NODE.height + NODE.gapY),
    })),
  );
  return { nodes, width: Math.max(0, columns.length * (NODE.width + NODE.gapX) - NODE.gapX), height };
}

/** What the picture shows, one line an arrow. */
export function inWords({ nodes, edges }: Graph): string[] {
  const said = new Map(nodes.map((node) => [node.id, `${node.kind} ${node.title}`]));
  return edges.map(([from, to]) => `${said.get(from)} → ${said.get(to)}`);
}

/** "NAME/VERSION"; names may hold slashes. */
function versionAt(text: string | undefined): { name: string; version: string } | undefined {
  const at = text?.lastIndexOf("/") ?? -1;
  return text && at > 0 ? { name: text.slice(0, at), version: text.slice(at + 1) } : undefined;
}
