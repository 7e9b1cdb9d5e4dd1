import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunMessage } from "@/api/endpoints";
import { runOf } from "@/runs/queries";
import { idOf, nameOf, PARENT_TAG } from "@/runs/values";
import { tagsOf } from "./facts";
import { childrenOf } from "./queries";

const MOST = 12;

/** The run that this one is a part of, and the runs that are parts of it. */
export function Relatives({ run }: { run: RunMessage }) {
  const parentId = tagsOf(run).get(PARENT_TAG);
  const experimentId = run.info.experiment_id ?? "";
  const parent = useQuery({ ...runOf(parentId ?? ""), enabled: Boolean(parentId) });
  const found = useQuery(childrenOf(experimentId, idOf(run)));
  const children = found.data?.runs ?? [];
  const more = children.length - MOST;
  if (!parentId && children.length === 0) return null;
  return (
    <section className="side-part" aria-label="Related runs">
      {parentId && (
        <>
          <h2>Part of</h2>
          <ul>
            <li>{parent.data ? <RunLink run={parent.data.run} /> : <code>{parentId}</code>}</li>
          </ul>
        </>
      )}
      {children.length > 0 && (
        <>
          <h2>
            Its runs{" "}
            <span className="soft">
              {children.length}
              {found.data?.next_page_token && "+"}
            </span>
          </h2>
          <ul>
            {children.slice(0, MOST).map((child) => (
              <li key={idOf(child)}>
                <RunLink run={child} /> <span className="soft">{child.info.status?.toLowerCase()}</span>
              </li>
            ))}
          </ul>
          {more > 0 && (
            <Link
              to="/experiments/$experimentId"
              params={{ experimentId }}
              search={{ filter: `tags.\`${PARENT_TAG}\` = '${idOf(run)}'` }}
            >
              All of them
            </Link>
          )}
        </>
      )}
    </section>
  );
}

const RunLink = ({ run }: { run: RunMessage }) => (
  <Link
    to="/experiments/$experimentId/runs/$runId"
    params={{ experimentId: run.info.experiment_id ?? "", runId: idOf(run) }}
  >
    {nameOf(run)}
  </Link>
);
