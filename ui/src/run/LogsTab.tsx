import type { RunMessage } from "@/api/endpoints";
import { sizeText } from "@/artifacts/sizes";
import { Problem } from "@/parts/Problem";
import { Snippet } from "@/parts/Snippet";
import { idOf, isRunning } from "@/runs/values";
import { useLogs } from "./logs/files";
import { LogView } from "./logs/LogView";
import { useRunSearch } from "./useRunSearch";

/** What the run's programs printed. */
export default function LogsTab({ run }: { run: RunMessage }) {
  const [search, change] = useRunSearch();
  const root = { runId: idOf(run) };
  const { logs, loading, error } = useLogs(root, isRunning(run));
  if (error) return <Problem error={error} />;
  const path = search.path ?? logs[0]?.path;
  if (path === undefined) return loading ? <p className="soft">Loading…</p> : <NoLogs />;
  return (
    <>
      {logs.length > 1 && (
        <div className="log-files">
          {logs.map((log) => (
            <button
              key={log.path}
              type="button"
              className="button small"
              aria-pressed={log.path === path}
              onClick={() => change({ path: log.path, find: undefined }, true)}
            >
              {log.path} <span className="soft">{sizeText(log.size)}</span>
            </button>
          ))}
        </div>
      )}
      <LogView
        key={path}
        root={root}
        path={path}
        running={isRunning(run)}
        find={search.find ?? ""}
        onFind={(find) => change({ find: find || undefined })}
      />
    </>
  );
}

function NoLogs() {
  return (
    <div className="empty">
      <p>
        No output of this run was kept. <code>headrace run</code> keeps what a project prints; other programs
        keep theirs below <code>logs</code>:
      </p>
      <Snippet label="Python" code={'mlflow.log_artifact("train.log", "logs")'} />
    </div>
  );
}
