import { Snippet } from "@/parts/Snippet";

/** How the first run gets here, with this server's address and this experiment's name. */
export function EmptyRuns({ experimentName }: { experimentName: string }) {
  const server = document.baseURI.replace(/\/$/, "");
  return (
    <div className="empty-runs">
      <h2>No runs yet</h2>
      <p className="soft">Log one with this, and it shows up here by itself.</p>
      <Snippet label="Python" code={python(server, experimentName)} />
      <p className="soft">
        A script that uses MLflow needs no change: set <code>MLFLOW_TRACKING_URI={server}</code> and{" "}
        <code>MLFLOW_EXPERIMENT_NAME</code>, and run it.
      </p>
    </div>
  );
}

const python = (server: string, experiment: string): string => `import headrace as mlflow  # or: import mlflow

mlflow.set_tracking_uri(${JSON.stringify(server)})
mlflow.set_experiment(${JSON.stringify(experiment)})
with mlflow.start_run(run_name="first"):
    mlflow.log_param("rate", 0.1)
    for step in range(10):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
`;

export function NoMatch({ deleted, onClear }: { deleted: boolean; onClear: () => void }) {
  return (
    <div className="empty-runs">
      <h2>{deleted ? "No deleted run matches" : "No run matches"}</h2>
      <p className="soft">The filter is read as it stands: upper and lower case differ for = and LIKE.</p>
      <button type="button" className="button" onClick={onClear}>
        Clear the filter
      </button>
    </div>
  );
}
