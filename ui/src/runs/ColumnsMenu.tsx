import { useState } from "react";
import type { Keys } from "./queries";

interface Props {
  keys: Keys;
  metrics: string[];
  params: string[];
  onChange: (metrics: string[], params: string[]) => void;
}

const MOST = 300;

/** Which metrics and params have a column. */
export function ColumnsMenu({ keys, metrics, params, onChange }: Props) {
  const [text, setText] = useState("");
  const matching = (all: string[]) =>
    all.filter((key) => key.toLowerCase().includes(text.toLowerCase())).slice(0, MOST);
  const flipped = (chosen: string[], key: string) =>
    chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key];
  return (
    <details className="menu">
      <summary className="button">Columns</summary>
      <div className="menu-body">
        <input
          className="field"
          type="search"
          placeholder="Find a key"
          aria-label="Find a key"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Part
          title="Metrics"
          keys={matching(keys.metrics)}
          chosen={metrics}
          onFlip={(key) => onChange(flipped(metrics, key), params)}
        />
        <Part
          title="Params"
          keys={matching(keys.params)}
          chosen={params}
          onFlip={(key) => onChange(metrics, flipped(params, key))}
        />
      </div>
    </details>
  );
}

function Part({
  title,
  keys,
  chosen,
  onFlip,
}: {
  title: string;
  keys: string[];
  chosen: string[];
  onFlip: (key: string) => void;
}) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {keys.length === 0 && <p className="soft">none</p>}
      {keys.map((key) => (
        <label key={key} className="check">
          <input type="checkbox" checked={chosen.includes(key)} onChange={() => onFlip(key)} />
          <span>{key}</span>
        </label>
      ))}
    </fieldset>
  );
}
