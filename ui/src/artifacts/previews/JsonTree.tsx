import { useMemo, useState } from "react";
import { TreeList } from "../TreeList";
import { firstOpen, jsonRows } from "./json";
import "./json.css";

/** A value that is opened level by level. */
export function JsonTree({ value, label }: { value: unknown; label: string }) {
  const [open, setOpen] = useState(() => firstOpen(value));
  const [at, setAt] = useState<string>();
  const rows = useMemo(() => jsonRows(value, open), [value, open]);
  const toggle = (id: string) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  const select = (id: string) => {
    setAt(id);
    if (rows.find((row) => row.id === id)?.open !== undefined) toggle(id);
  };
  return (
    <div className="json-tree" style={{ height: `min(${rows.length * 26 + 4}px, calc(100dvh - 270px))` }}>
      <TreeList label={label} rows={rows} selected={at} onToggle={toggle} onSelect={select}>
        {(row) => (
          <span className="json-line">
            {row.name && <span className="json-name">{row.name}</span>}
            <span className={`json-value ${row.kind}`}>{row.text}</span>
          </span>
        )}
      </TreeList>
    </div>
  );
}
