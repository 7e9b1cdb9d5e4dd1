import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { Popup } from "@/parts/Popup";
import { keyOf } from "./branches";
import { columnId } from "./columns";
import { runKeys } from "./queries";
import { MOST_GROUPS } from "./search";

interface Props {
  experimentId: string;
  group: string[];
  onChange: (group: string[]) => void;
}

const KINDS = ["params", "tags"] as const;

/** Which params or tags the runs are grouped by: one, or two. */
export function GroupPicker(props: Props) {
  const { group } = props;
  const title =
    group.length > 0 ? `Grouped by ${group.map((id) => keyOf(id).key.slice(0, 30)).join(", ")}` : "Group";
  return (
    <Popup label={title} className={group.length > 0 ? "button chosen" : "button"}>
      {() => <Picker {...props} />}
    </Popup>
  );
}

function Picker({ experimentId, group, onChange }: Props) {
  const [text, setText] = useState("");
  const found = useQueries({ queries: KINDS.map((part) => runKeys(experimentId, part, text)) });
  const offered = KINDS.flatMap((part, at) =>
    (found[at]?.data?.keys ?? [])
      .filter((key) => text !== "" || !key.startsWith("mlflow."))
      .map((key) => columnId(part, key)),
  );
  const flip = (id: string) =>
    onChange(group.includes(id) ? group.filter((each) => each !== id) : [...group, id].slice(-MOST_GROUPS));
  return (
    <div className="picker">
      <input
        className="field"
        type="search"
        placeholder="Find a param or tag"
        aria-label="Find a param or tag"
        // biome-ignore lint/a11y/noAutofocus: the popup opens because somebody looks for a key
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {group.length > 0 && (
        <div className="picker-acts">
          <button type="button" className="quiet" onClick={() => onChange([])}>
            Don't group
          </button>
        </div>
      )}
      <fieldset>
        <legend>Params and tags, two at most</legend>
        {[...new Set([...group, ...offered])].map((id) => (
          <label key={id} className="check">
            <input type="checkbox" checked={group.includes(id)} onChange={() => flip(id)} />
            <span>{keyOf(id).key.slice(0, 200)}</span>
            <small className="soft">{keyOf(id).part.slice(0, -1)}</small>
          </label>
        ))}
        {offered.length === 0 && <p className="soft">There is none.</p>}
      </fieldset>
    </div>
  );
}
