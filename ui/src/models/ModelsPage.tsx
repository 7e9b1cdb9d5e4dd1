import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { RegisteredModelMessage } from "@/api/endpoints";
import { Problem } from "@/parts/Problem";
import { SearchField } from "@/parts/SearchField";
import { Snippet } from "@/parts/Snippet";
import { ago, exactTime } from "@/parts/times";
import "@/parts/controls.css";
import "@/parts/list.css";
import "./models.css";
import { modelPages } from "./queries";

const CODE = [
  "import headrace as mlflow",
  "",
  "with mlflow.start_run():",
  '    info = mlflow.sklearn.log_model(model, name="model", registered_model_name="wine")',
  'mlflow.MlflowClient().set_registered_model_alias("wine", "champion", 1)',
].join("\n");

export function ModelsPage() {
  const { q = "" } = useSearch({ from: "/models" });
  const navigate = useNavigate({ from: "/models" });
  const pages = useInfiniteQuery(modelPages(q));
  const found = pages.data?.pages.flatMap((page) => page.registered_models ?? []) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>Models</h1>
        <SearchField
          label="Find models by name"
          value={q}
          onChange={(text) => navigate({ search: { q: text || undefined }, replace: true })}
        />
      </div>
      {pages.error && <Problem error={pages.error} retry={() => pages.refetch()} />}
      {pages.isSuccess && found.length === 0 && (
        <div className="empty">
          <h2>{q ? "No model is called so" : "No registered models yet"}</h2>
          {!q && <Snippet code={CODE} label="Python" />}
        </div>
      )}
      {found.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Latest version</th>
              <th scope="col">Aliases</th>
              <th scope="col">Changed</th>
            </tr>
          </thead>
          <tbody>
            {found.map((model) => (
              <Row key={model.name} model={model} />
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
    </div>
  );
}

function Row({ model }: { model: RegisteredModelMessage }) {
  const versions = (model.latest_versions ?? []).map((each) => Number(each.version));
  return (
    <tr>
      <td className="name">
        <Link to="/models/$name" params={{ name: model.name }}>
          {model.name}
        </Link>
      </td>
      <td>{versions.length > 0 ? Math.max(...versions) : <span className="soft">none</span>}</td>
      <td>
        <span className="chips">
          {(model.aliases ?? []).map((each) => (
            <span key={each.alias} className="chip">
              @{each.alias} → {each.version}
            </span>
          ))}
        </span>
      </td>
      <td className="soft" title={exactTime(model.last_updated_timestamp)}>
        {ago(model.last_updated_timestamp)}
      </td>
    </tr>
  );
}
