import { useQuery } from "@tanstack/react-query";
import { Scrolled } from "@/artifacts/Scrolled";
import type { MlModel } from "./mlmodel";
import { versionFile } from "./queries";

/** What the model needs to run: Python, and the packages as they were when it was logged. */
export function Environment({ name, version, model }: { name: string; version: string; model: MlModel }) {
  const requirements = useQuery(versionFile(name, version, "requirements.txt"));
  const python = model.flavors.find((each) => each.name === "python_function")?.facts.python_version;
  const lines = (requirements.data ?? "").split("\n").filter((line) => line.trim() && !line.startsWith("#"));
  if (!python && lines.length === 0) return null;
  return (
    <section aria-label="Environment">
      <h2>Environment</h2>
      {typeof python === "string" && <p>Python {python}</p>}
      {lines.length > 0 && (
        <Scrolled label="Requirements" className="example">
          <pre>
            <code>{lines.join("\n")}</code>
          </pre>
        </Scrolled>
      )}
    </section>
  );
}

const SHOWN_FACTS = 8;

/** The frameworks that can load it, and what each says about it. */
export function Flavors({ model }: { model: MlModel }) {
  if (model.flavors.length === 0) return null;
  return (
    <section aria-label="Flavors">
      <h2>Flavors</h2>
      <dl className="flavors">
        {model.flavors.map((flavor) => (
          <div key={flavor.name}>
            <dt>{flavor.name}</dt>
            {Object.entries(flavor.facts)
              .filter(([, value]) => value !== null && typeof value !== "object")
              .slice(0, SHOWN_FACTS)
              .map(([key, value]) => (
                <dd key={key}>
                  <span className="soft">{key}</span> {String(value)}
                </dd>
              ))}
          </div>
        ))}
      </dl>
    </section>
  );
}
