import { Snippet } from "@/parts/Snippet";

/** What to run so that something shows up here, with this server's address. */
export function FirstRun() {
  const address = document.baseURI.replace(/\/$/, "");
  const code = [
    "import headrace as mlflow",
    "",
    `mlflow.set_tracking_uri("${address}")`,
    'mlflow.set_experiment("first-steps")',
    "with mlflow.start_run():",
    '    mlflow.log_param("rate", 0.1)',
    "    for step in range(100):",
    '        mlflow.log_metric("loss", 1 / (step + 1), step=step)',
  ].join("\n");
  return (
    <div className="empty">
      <h2>No runs yet</h2>
      <p className="soft">
        Log a first one, and it shows up here by itself. A script that says <code>import mlflow</code> does as
        well: tell it the address by <code>MLFLOW_TRACKING_URI</code>.
      </p>
      <Snippet code={code} label="Python" />
    </div>
  );
}
