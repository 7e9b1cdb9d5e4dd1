import { useMemo, useRef, useState } from "react";
import type { RunMessage } from "@/api/endpoints";
import { copyText } from "@/parts/clipboard";
import { Menu } from "@/parts/Menu";
import { tell } from "@/parts/Toasts";
import { useShortcut } from "@/parts/useShortcut";
import { useCommand } from "@/shell/commands";
import { CompareTable } from "./CompareTable";
import { csvOf, markdownOf } from "./copies";
import { nextBetter } from "./differences";
import { ReadDialog } from "./ReadDialog";
import type { Row } from "./rows";
import type { CompareSearch, Extreme, Section } from "./search";
import { closedSections, useParts } from "./sections";

/** What the views of a comparison are given. */
export interface ViewProps {
  runs: RunMessage[];
  search: CompareSearch;
  onChange: (next: Partial<CompareSearch>) => void;
}

export function ValuesView({ runs, search, onChange }: ViewProps) {
  const parts = useParts(runs, search);
  const box = useRef<HTMLInputElement>(null);
  const [read, setRead] = useState<{ row: Row; at: number }>();
  useShortcut("/", () => box.current?.focus());
  const onlyDifferent = () => onChange({ different: search.different ? undefined : true });
  const markdown = () => copied(markdownOf(names, rows()));
  const csv = () => copied(csvOf(names, rows()));
  useCommand({
    id: "compare-different",
    title: search.different ? "Show all rows" : "Show only differences",
    keys: "d",
    act: onlyDifferent,
  });
  useCommand({ id: "compare-markdown", title: "Copy the comparison as Markdown", act: markdown });
  useCommand({ id: "compare-csv", title: "Copy the comparison as CSV", act: csv });
  const names = useMemo(() => runs.map((run) => run.info.run_name || run.info.run_id || ""), [runs]);
  const rows = () => parts.filter((part) => !part.closed).flatMap((part) => part.rows);
  const baseline = runs.findIndex((run) => run.info.run_id === search.baseline);
  const toggle = (section: Section) => {
    const closed = closedSections(search, runs.length);
    onChange({
      closed: closed.includes(section) ? closed.filter((each) => each !== section) : [...closed, section],
    });
  };
  return (
    <div className="values-view">
      <div className="toolbar compare-tools">
        <input
          ref={box}
          className="field"
          type="search"
          aria-label="Find rows by name"
          placeholder="Find rows ( / )"
          value={search.q ?? ""}
          onChange={(event) => onChange({ q: event.target.value || undefined })}
        />
        <label className="check">
          <input type="checkbox" checked={search.different ?? false} onChange={onlyDifferent} />
          Only differences
        </label>
        <label className="check">
          Metrics
          <select
            className="choice"
            value={search.value ?? "last"}
            onChange={(event) =>
              onChange({ value: event.target.value === "last" ? undefined : (event.target.value as Extreme) })
            }
          >
            <option value="last">last value</option>
            <option value="min">least value</option>
            <option value="max">greatest value</option>
          </select>
        </label>
        <Menu
          label="Copy"
          items={[
            { title: "As Markdown", act: markdown },
            { title: "As CSV", act: csv },
          ]}
        />
      </div>
      <CompareTable
        runs={runs}
        parts={parts}
        baseline={search.baseline}
        better={search.better ?? {}}
        onBaseline={(runId) => onChange({ baseline: runId })}
        onBetter={(key) => {
          const { [key]: now, ...others } = search.better ?? {};
          const next = nextBetter(now);
          onChange({ better: next ? { ...others, [key]: next } : others });
        }}
        onRemove={(runId) =>
          onChange({
            runs: search.runs
              .split(",")
              .filter((id) => id !== runId)
              .join(),
          })
        }
        onSection={toggle}
        onRead={(row, at) => setRead({ row, at })}
      />
      {read && (
        <ReadDialog
          {...read}
          runs={runs}
          against={baseline >= 0 ? baseline : undefined}
          onClose={() => setRead(undefined)}
        />
      )}
    </div>
  );
}

function copied(text: string): void {
  copyText(text).then(
    () => tell("Copied."),
    (error: Error) => tell(error.message, "failed"),
  );
}
