import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunMessage } from "@/api/endpoints";
import { idOf } from "@/runs/values";
import { loggedFolders } from "./facts";
import { loggedModelsOf, versionsOf } from "./queries";

/** The models that the run made, and what they are called in the registry. */
export function ModelsOfRun({ run }: { run: RunMessage }) {
  const logged = useQuery(loggedModelsOf(run.info.experiment_id ?? "", idOf(run)));
  const registered = useQuery(versionsOf(idOf(run)));
  const models = logged.data?.models ?? [];
  const folders = loggedFolders(run);
  const versions = registered.data?.model_versions ?? [];
  if (models.length + folders.length + versions.length === 0) return null;
  return (
    <section className="side-part" aria-label="Models of the run">
      <h2>Models</h2>
      <ul>
        {models.map(({ info }) => (
          <li key={info.model_id}>
            <Link to="." search={{ tab: "models", path: info.model_id } as never}>
              {info.name || info.model_id}
            </Link>
          </li>
        ))}
        {folders.map((folder) => (
          <li key={folder}>
            <Link to="." search={{ tab: "artifacts", path: folder } as never}>
              {folder}
            </Link>
          </li>
        ))}
        {versions.map(({ name, version, aliases = [] }) => (
          <li key={`${name}/${version}`}>
            <Link to="/models/$name/versions/$version" params={{ name, version }}>
              {name} version {version}
            </Link>{" "}
            <span className="soft">{aliases.map((alias) => `@${alias}`).join(" ")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
