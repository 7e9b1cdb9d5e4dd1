import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { Popup } from "@/parts/Popup";
import { ATTRIBUTES, type Column, columnId, columnsOf } from "./columns";
import { runKeys } from "./queries";
import { MOST_COLUMNS } from "./search";
import type { Part } from "./values";

interface Props {
  experimentId: string;
  columns: string[];
  onChange: (columns: string[]) => void;
  /** Back to the columns that suit the runs. */
  onReset: () => void;
}

const PARTS: [Part, string][] = [
  ["metrics", "Metrics"],
  ["params", "Params"],
  ["tags", "Tags"],
];

/** Which columns there are. Keys are searched by the server: there may be ten thousand of them. */
export function ColumnsPicker(props: Props) {
  return (
    <Popup label="Columns" className="button">
      {() => <Picker {...props} />}
    </Popup>
  );
}

function Picker({ experimentId, columns, onChange, onReset }: Props) {
  const [text, setText] = useState("");
  const found = useQueries({ queries: PARTS.map(([part]) => runKeys(experimentId, part, text)) });
  const chosen = new Set(columns);
  const fits = (column: Column) => column.title.toLowerCase().includes(text.toLowerCase());
  const flip = (id: string) =>
    onChange(
      chosen.has(id) ? columns.filter((each) => each !== id) : [...columns, id].slice(0, MOST_COLUMNS),
    );
  const all = (ids: string[]) => onChange([...new Set([...columns, ...ids])].slice(0, MOST_COLUMNS));
  return (
    <div className="picker">
      <input
        className="field"
        type="search"
        placeholder="Find a key"
        aria-label="Find a key"
        // biome-ignore lint/a11y/noAutofocus: the popup opens because somebody looks for a column
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="picker-acts">
        <button type="button" className="quiet" onClick={onReset}>
          Suggested columns
        </button>
        <button type="button" className="quiet" onClick={() => onChange([])}>
          None
        </button>
      </div>
      {columns.length === MOST_COLUMNS && <p className="soft">There are {MOST_COLUMNS} columns at most.</p>}
      {text === "" && (
        <Choices title="Shown" columns={columnsOf(columns)} chosen={chosen} onFlip={flip} kinds />
      )}
      <Choices
        title="Attributes"
        columns={columnsOf(ATTRIBUTES).filter(fits)}
        chosen={chosen}
        onFlip={flip}
      />
      {PARTS.map(([part, title], at) => {
        const answer = found[at]?.data;
        const ids = (answer?.keys ?? []).map((key) => columnId(part, key));
        return (
          <Choices
            key={part}
            title={title}
            columns={columnsOf(ids)}
            chosen={chosen}
            onFlip={flip}
            onAll={text ? () => all(ids) : undefined}
            more={Boolean(answer?.next_page_token)}
          />
        );
      })}
    </div>
  );
}

function Choices({
  title,
  columns,
  chosen,
  onFlip,
  onAll,
  more = false,
  kinds = false,
}: {
  title: string;
  columns: Column[];
  chosen: ReadonlySet<string>;
  onFlip: (id: string) => void;
  onAll?: () => void;
  more?: boolean;
  /** Say what kind of key each is. */
  kinds?: boolean;
}) {
  if (columns.length === 0) return null;
  return (
    <fieldset>
      <legend>
        {title}
        {onAll && (
          <button type="button" className="quiet" onClick={onAll}>
            All of these
          </button>
        )}
      </legend>
      {columns.map((column) => (
        <label key={column.id} className="check" title={column.title.slice(0, 300)}>
          <input type="checkbox" checked={chosen.has(column.id)} onChange={() => onFlip(column.id)} />
          <span>{column.title.slice(0, 200)}</span>
          {kinds && column.part !== "attributes" && (
            <small className="soft">{column.part.slice(0, -1)}</small>
          )}
        </label>
      ))}
      {more && <p className="soft">There are more; type a part of the name.</p>}
    </fieldset>
  );
}
