import { serve, serverAddress } from "@/models/code";
import { Chip } from "@/parts/Chip";
import { Snippet } from "@/parts/Snippet";
import { portOf } from "./endpoint";
import type { Endpoint } from "./useEndpoint";

/** Where the model is served, and what to do where it isn't. */
export function EndpointBar({ endpoint, uri }: { endpoint: Endpoint; uri: string }) {
  const { reach, address } = endpoint;
  const models = reach?.state === "ready" ? reach.models : [];
  return (
    <section aria-label="Where it is served" className="endpoint">
      <div className="endpoint-fields">
        <label className="endpoint-address">
          <span className="soft">Address</span>
          <input
            className="field"
            type="url"
            value={endpoint.text}
            spellCheck={false}
            onChange={(event) => endpoint.setText(event.target.value)}
          />
        </label>
        <label>
          <span className="soft">API key, if it asks for one</span>
          <input
            className="field"
            type="password"
            autoComplete="off"
            value={endpoint.key}
            onChange={(event) => endpoint.setKey(event.target.value)}
          />
        </label>
        {models.length > 1 && (
          <label>
            <span className="soft">Model</span>
            <select
              className="field"
              value={endpoint.model}
              onChange={(event) => endpoint.setModel(event.target.value)}
            >
              {models.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        )}
        <span className="endpoint-state" role="status">
          <State endpoint={endpoint} />
        </span>
      </div>
      {reach?.state === "closed" && address && (
        <div className="endpoint-help">
          <p>
            A server answers at {address}, but it doesn't let this page read its answers: browsers ask it
            first whether pages of <code>{location.origin}</code> may. Start it so that they may:
          </p>
          <Snippet label="Shell" code={command(uri, address)} />
        </div>
      )}
      {reach?.state === "absent" && address && (
        <div className="endpoint-help">
          <p>{reach.why} Serve the model there:</p>
          <Snippet label="Shell" code={command(uri, address)} />
        </div>
      )}
    </section>
  );
}

const command = (uri: string, address: string): string =>
  serve({ server: serverAddress(), uri }, location.origin, portOf(address));

function State({ endpoint: { reach, address } }: { endpoint: Endpoint }) {
  if (!address) return <Chip tone="danger">not an address</Chip>;
  switch (reach?.state) {
    case undefined:
      return <Chip>looking…</Chip>;
    case "ready":
      return <Chip tone="good">reachable</Chip>;
    case "waits":
      return <Chip tone="warning">{reach.why}</Chip>;
    case "key":
      return <Chip tone="warning">it asks for an API key</Chip>;
    case "closed":
      return <Chip tone="warning">there, but closed to this page</Chip>;
    case "absent":
      return <Chip tone="danger">not reachable</Chip>;
  }
}
