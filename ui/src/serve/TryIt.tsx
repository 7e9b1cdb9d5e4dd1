import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isChat, type MlModel } from "@/models/mlmodel";
import { versionFile } from "@/models/queries";
import { Chat } from "./Chat";
import { EndpointBar } from "./EndpointBar";
import { parsed } from "./exact";
import { Invoke } from "./Invoke";
import { useEndpoint } from "./useEndpoint";
import "@/parts/controls.css";
import "./serve.css";

/** A served model is asked, by its signature or in a talk. uri: how the version is served. */
export default function TryIt({
  name,
  version,
  uri,
  model,
}: {
  name: string;
  version: string;
  uri: string;
  model: UseQueryResult<MlModel>;
}) {
  const endpoint = useEndpoint(name);
  const chats = model.data !== undefined && isChat(model.data);
  const [plain, setPlain] = useState(false);
  const file = useQuery(versionFile(name, version, model.data?.example?.serving));
  const waiting = model.isPending || (model.data?.example?.serving !== undefined && file.isPending);
  return (
    <div className="try-it">
      <EndpointBar endpoint={endpoint} uri={uri} />
      {chats && (
        <fieldset className="ways">
          <legend className="hidden-text">How to ask</legend>
          <label className="way">
            <input type="radio" name="how" checked={!plain} onChange={() => setPlain(false)} />
            Chat
          </label>
          <label className="way">
            <input type="radio" name="how" checked={plain} onChange={() => setPlain(true)} />
            Request
          </label>
        </fieldset>
      )}
      {waiting ? (
        <p className="empty soft">Loading…</p>
      ) : chats && !plain ? (
        <Chat endpoint={endpoint} streams={streams(model.data)} />
      ) : (
        <Invoke
          endpoint={endpoint}
          signature={chats ? undefined : model.data?.signature}
          example={exampleIn(file.data, chats)}
        />
      )}
    </div>
  );
}

function streams(model: MlModel | undefined): boolean {
  const pyfunc = model?.flavors.find((each) => each.name === "python_function");
  return pyfunc?.facts.streamable !== false;
}

function exampleIn(text: string | undefined, chats: boolean): unknown {
  if (text === undefined) return chats ? { messages: [{ role: "user", content: "Hello" }] } : undefined;
  try {
    return parsed(text);
  } catch {
    return undefined;
  }
}
