import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Snippet } from "@/parts/Snippet";
import { samples, serverAddress } from "./code";
import type { MlModel } from "./mlmodel";
import { versionFile } from "./queries";

/** Code that loads, asks and serves this version. uri: by an alias where it has one. */
export function UseIt({
  name,
  version,
  uri,
  model,
}: {
  name: string;
  version: string;
  uri: string;
  model: MlModel | undefined;
}) {
  const file = useQuery(versionFile(name, version, model?.example?.serving));
  const found = samples({ server: serverAddress(), uri, name, model, example: parsed(file.data) });
  const [chosen, setChosen] = useState("python");
  const shown = found.find((each) => each.id === chosen) ?? found[0];
  return (
    <div className="use-it">
      <fieldset className="ways">
        <legend className="hidden-text">How</legend>
        {found.map((each) => (
          <label key={each.id} className="way">
            <input
              type="radio"
              name="way"
              checked={each.id === shown?.id}
              onChange={() => setChosen(each.id)}
            />
            {each.title}
          </label>
        ))}
      </fieldset>
      {shown?.parts.map((part) => (
        <Snippet key={part.label} label={part.label} code={part.code} />
      ))}
    </div>
  );
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
