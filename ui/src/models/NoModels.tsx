import { Snippet } from "@/parts/Snippet";
import { serverAddress } from "./code";

const code = (server: string): string => `import headrace as mlflow
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri("${server}")
X, y = load_wine(return_X_y=True, as_frame=True)
with mlflow.start_run():
    model = LogisticRegression(max_iter=5_000).fit(X, y)
    mlflow.log_metric("accuracy", model.score(X, y))
    mlflow.sklearn.log_model(model, name="model", input_example=X.head(2), registered_model_name="wine")
mlflow.MlflowClient().set_registered_model_alias("wine", "champion", "1")
`;

export function NoModels({ searched }: { searched: boolean }) {
  if (searched)
    return (
      <div className="empty">
        <h2>No such model</h2>
        <p className="soft">Names are found by any part of them; a tag must be written as it is.</p>
      </div>
    );
  return (
    <div className="empty teaching">
      <h2>No registered models yet</h2>
      <p className="soft">
        A registered model is a name whose versions are what runs logged. Programs load it by an alias, such
        as <code>models:/wine@champion</code>, and you decide here which version that is.
      </p>
      <Snippet code={code(serverAddress())} label="Python" />
    </div>
  );
}
