import { useQuery } from "@tanstack/react-query";
import type { RunMessage } from "@/api/endpoints";
import { Problem } from "@/parts/Problem";
import { Snippet } from "@/parts/Snippet";
import { idOf } from "@/runs/values";
import { loggedFolders } from "./facts";
import { LoggedModel } from "./LoggedModel";
import { ModelFolder } from "./ModelFolder";
import { loggedModelsOf, versionsOf } from "./queries";
import { useRunSearch } from "./useRunSearch";

/** The models that the run logged, one of them shown whole. */
export default function ModelsTab({ run }: { run: RunMessage }) {
  const [search, change] = useRunSearch();
  const found = useQuery(loggedModelsOf(run.info.experiment_id ?? "", idOf(run)));
  const registered = useQuery(versionsOf(idOf(run)));
  if (found.error) return <Problem error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <p className="soft">Loading…</p>;
  const models = found.data.models ?? [];
  const folders = loggedFolders(run);
  const versions = registered.data?.model_versions ?? [];
  if (models.length + folders.length === 0) return <NoModels />;
  const names = [
    ...models.map(({ info }) => ({ id: info.model_id, title: info.name || info.model_id })),
    ...folders.map((folder) => ({ id: folder, title: folder })),
  ];
  const chosen = search.path ?? names[0]?.id;
  const model = models.find(({ info }) => info.model_id === chosen);
  return (
    <>
      {names.length > 1 && (
        <div className="log-files">
          {names.map(({ id, title }) => (
            <button
              key={id}
              type="button"
              className="button small"
              aria-pressed={id === chosen}
              onClick={() => change({ path: id }, true)}
            >
              {title}
            </button>
          ))}
        </div>
      )}
      {model ? (
        <LoggedModel key={chosen} model={model} run={run} versions={versions} />
      ) : (
        <ModelFolder key={chosen} folder={chosen ?? ""} run={run} versions={versions} />
      )}
    </>
  );
}

function NoModels() {
  return (
    <div className="empty">
      <p>The run logged no model. With a model of scikit-learn, as an example:</p>
      <Snippet
        label="Python"
        code={'mlflow.sklearn.log_model(model, name="model", registered_model_name="wine")'}
      />
    </div>
  );
}
