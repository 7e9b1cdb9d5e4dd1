import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useId } from "react";
import { quoted } from "@/api/filters";
import { Problem } from "@/parts/Problem";
import { graphOf, inWords, type Kind, layout, NODE, type Placed } from "./lineage";
import { lineageOf, versionsOfDigest } from "./queries";
import "./lineage.css";

const CHARS = 26; // of a title; the whole is its tooltip
const NAMES: Record<Kind, string> = {
  dataset: "Dataset",
  commit: "Commit",
  run: "Run",
  model: "Logged model",
  version: "Version",
};

/** Datasets and code, the run, the model, this version, and what was copied from it. */
export function Lineage({ name, version, digest }: { name: string; version: string; digest?: string }) {
  const words = useId();
  const lineage = useQuery(lineageOf(name, version));
  const same = useQuery(versionsOfDigest(digest));
  if (lineage.error) return <Problem error={lineage.error} retry={() => lineage.refetch()} />;
  if (!lineage.data) return null;
  const graph = graphOf(lineage.data, same.data?.model_versions ?? []);
  const { nodes, width, height } = layout(graph);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return (
    <section aria-label="Lineage" className="lineage">
      <h2>Lineage</h2>
      <div className="lineage-scroll">
        {/* biome-ignore lint/a11y/useSemanticElements: a picture whose parts are links */}
        <svg
          width={width + 2}
          height={height + 2}
          viewBox={`-1 -1 ${width + 2} ${height + 2}`}
          role="group"
          aria-label="Where this version comes from"
          aria-describedby={words}
        >
          {graph.edges.map(([from, to]) => (
            <Arrow key={`${from} ${to}`} from={byId.get(from)} to={byId.get(to)} />
          ))}
          {nodes.map((node) => (
            <Box key={node.id} node={node} />
          ))}
        </svg>
      </div>
      <ul id={words} className="hidden-text">
        {inWords(graph).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

function Arrow({ from, to }: { from: Placed | undefined; to: Placed | undefined }) {
  if (!from || !to) return null;
  const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [x2, y2] = [to.x, to.y + NODE.height / 2];
  const bend = (x2 - x1) / 2;
  return (
    <path
      className="lineage-arrow"
      d={`M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2 - 6} ${y2} m -5 -4 l 6 4 l -6 4`}
    />
  );
}

function Box({ node }: { node: Placed }) {
  const title = node.title.length > CHARS ? `${node.title.slice(0, CHARS - 1)}…` : node.title;
  const note = node.note.length > CHARS + 2 ? `${node.note.slice(0, CHARS + 1)}…` : node.note;
  return (
    <Leading node={node}>
      <title>{[`${NAMES[node.kind]} ${node.title}`, node.note].filter(Boolean).join("\n")}</title>
      <rect x={node.x} y={node.y} width={NODE.width} height={NODE.height} rx={6} />
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: it only cuts off what is too wide of its words */}
      <svg x={node.x + 10} y={node.y} width={NODE.width - 16} height={NODE.height}>
        <text y={18} className="lineage-title">
          {title}
        </text>
        <text y={35} className="lineage-note">
          {NAMES[node.kind]}
          {note && ` · ${note}`}
        </text>
      </svg>
    </Leading>
  );
}

function Leading({ node, children }: { node: Placed; children: ReactNode }) {
  const look = `lineage-node ${node.kind}${node.here ? " here" : ""}`;
  const { page } = node;
  switch (page?.kind) {
    case "run":
      return (
        <Link
          className={look}
          to="/experiments/$experimentId/runs/$runId"
          params={{ experimentId: page.experimentId, runId: page.runId }}
        >
          {children}
        </Link>
      );
    case "dataset":
      return (
        <Link
          className={look}
          to="/experiments/$experimentId"
          params={{ experimentId: page.experimentId }}
          search={{ filter: `dataset.digest = ${quoted(page.digest)}` }}
        >
          {children}
        </Link>
      );
    case "version":
    case "files":
      return (
        <Link
          className={look}
          to="/models/$name/versions/$version"
          params={{ name: page.name, version: page.version }}
          search={page.kind === "files" ? { tab: "files" } : {}}
        >
          {children}
        </Link>
      );
    default:
      return <g className={look}>{children}</g>;
  }
}
