import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { runKeys } from "@/runs/queries";
import { ATTRIBUTES, titleOf } from "./columns";

const ALL = ["params", "metrics"] as const;
const LISTED = 100;

interface Props {
  label: string;
  experimentId: string;
  value: string | undefined;
  onChange: (id: string | undefined) => void;
  /** Kinds to choose from. */
  parts?: readonly ("params" | "metrics")[];
  attributes?: boolean;
  /** What choosing nothing is called, where that can be chosen. */
  none?: string;
}

/** The choice of a column; where there are more than a list shows, one finds them by typing a part of the name. */
export function ColumnField({
  label,
  experimentId,
  value,
  onChange,
  parts = ALL,
  attributes = false,
  none,
}: Props) {
  const [find, setFind] = useState("");
  const id = useId();
  const params = useQuery({ ...runKeys(experimentId, "params", find), enabled: parts.includes("params") });
  const metrics = useQuery({ ...runKeys(experimentId, "metrics", find), enabled: parts.includes("metrics") });
  const groups: [string, string[]][] = [
    ["Params", (params.data?.keys ?? []).map((key) => `params.${key}`)],
    ["Metrics", (metrics.data?.keys ?? []).map((key) => `metrics.${key}`)],
    ["Attributes", attributes ? Object.keys(ATTRIBUTES) : []],
  ];
  const shown = groups.filter(
    ([title, ids]) => ids.length > 0 && (title === "Attributes" || parts.length > 0),
  );
  const listed = shown.some(([, ids]) => value !== undefined && ids.includes(value));
  const many = find !== "" || params.data?.next_page_token || metrics.data?.next_page_token;
  return (
    <div className="column-field">
      <label htmlFor={id}>{label}</label>
      {many && (
        <input
          type="search"
          className="choice find"
          placeholder="Find"
          aria-label={`Find columns for ${label}`}
          title={`The first ${LISTED} names are listed; type a part of another`}
          value={find}
          onChange={(event) => setFind(event.target.value)}
        />
      )}
      <select
        id={id}
        className="choice"
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value || undefined)}
      >
        {(none || value === undefined) && <option value="">{none ?? "choose"}</option>}
        {value !== undefined && !listed && <option value={value}>{titleOf(value)}</option>}
        {shown.map(([title, ids]) => (
          <optgroup key={title} label={title}>
            {ids.map((each) => (
              <option key={each} value={each}>
                {titleOf(each)}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
}
