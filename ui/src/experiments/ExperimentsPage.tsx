import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { ExperimentMessage } from "@/api/endpoints";
import { Problem } from "@/parts/Problem";
import { SearchField } from "@/parts/SearchField";
import { Snippet } from "@/parts/Snippet";
import { ago, exactTime } from "@/parts/times";
import { type Change, ChangeDialog } from "./ChangeDialog";
import "@/parts/controls.css";
import "@/parts/list.css";
import { experimentPages } from "./queries";

const NOTE = "mlflow.note.content";

export function ExperimentsPage() {
  const { q = "", deleted = false } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const [change, setChange] = useState<Change | null>(null);
  const pages = useInfiniteQuery(experimentPages({ text: q, deleted }));

  const found = pages.data?.pages.flatMap((page) => page.experiments ?? []) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>Experiments</h1>
        <SearchField
          label="Find experiments by name"
          value={q}
          onChange={(text) =>
            navigate({ search: (was) => ({ ...was, q: text || undefined }), replace: true })
          }
        />
        <label className="check">
          <input
            type="checkbox"
            checked={deleted}
            onChange={(event) =>
              navigate({ search: (was) => ({ ...was, deleted: event.target.checked || undefined }) })
            }
          />
          Deleted
        </label>
        <button type="button" className="button main" onClick={() => setChange({ kind: "create" })}>
          New experiment
        </button>
      </div>
      {pages.error && <Problem error={pages.error} retry={() => pages.refetch()} />}
      {pages.isSuccess && found.length === 0 && <Nothing searched={q !== "" || deleted} />}
      {found.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Description</th>
              <th scope="col">Changed</th>
              <th scope="col">
                <span className="hidden-text">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map((experiment) => (
              <Row
                key={experiment.experiment_id}
                experiment={experiment}
                deleted={deleted}
                onChange={setChange}
              />
            ))}
          </tbody>
        </table>
      )}
      {pages.hasNextPage && (
        <button
          type="button"
          className="button"
          disabled={pages.isFetching}
          onClick={() => pages.fetchNextPage()}
        >
          More
        </button>
      )}
      {change && <ChangeDialog change={change} onClose={() => setChange(null)} />}
    </div>
  );
}

function Row({
  experiment,
  deleted,
  onChange,
}: {
  experiment: ExperimentMessage;
  deleted: boolean;
  onChange: (change: Change) => void;
}) {
  const id = experiment.experiment_id ?? "";
  const note = experiment.tags?.find((tag) => tag.key === NOTE)?.value ?? "";
  return (
    <tr>
      <td className="name">
        <Link to="/experiments/$experimentId" params={{ experimentId: id }}>
          {experiment.name}
        </Link>
      </td>
      <td className="soft note">{note.split("\n")[0]}</td>
      <td className="soft" title={exactTime(experiment.last_update_time)}>
        {ago(experiment.last_update_time)}
      </td>
      <td>
        <div className="row-actions">
          {deleted ? (
            <button
              type="button"
              className="button"
              onClick={() => onChange({ kind: "restore", experiment })}
            >
              Restore
            </button>
          ) : (
            <>
              <button
                type="button"
                className="button"
                onClick={() => onChange({ kind: "edit", experiment, note })}
              >
                Edit
              </button>
              <button
                type="button"
                className="button danger"
                onClick={() => onChange({ kind: "delete", experiment })}
              >
                Delete
              </button>
            </>
          )}
        </div>
      </td>
    </tr>
  );
}

function Nothing({ searched }: { searched: boolean }) {
  if (searched) return <p className="empty soft">No experiment is called so.</p>;
  const code = [
    "import headrace as mlflow",
    "",
    `mlflow.set_tracking_uri("${document.baseURI.replace(/\/$/, "")}")`,
    'mlflow.set_experiment("first-steps")',
    "with mlflow.start_run():",
    '    mlflow.log_param("rate", 0.1)',
    "    for step in range(100):",
    '        mlflow.log_metric("loss", 1 / (step + 1), step=step)',
  ].join("\n");
  return (
    <div className="empty">
      <h2>No experiments yet</h2>
      <p className="soft">Log a first run, and it shows up here. `import mlflow` does as well.</p>
      <Snippet code={code} label="Python" />
    </div>
  );
}
