import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { ExperimentMessage } from "@/api/endpoints";
import { Menu } from "@/parts/Menu";
import { ago, exactTime } from "@/parts/times";
import type { Change } from "./ChangeDialog";
import { firstLine } from "./notes";
import { noteOf, pulseOf } from "./queries";

const RESTED_MS = 120; // rows that only fly past ask for nothing

export function ExperimentRow({
  at,
  experiment,
  deleted,
  onChange,
}: {
  at: number;
  experiment: ExperimentMessage;
  deleted: boolean;
  onChange: (change: Change) => void;
}) {
  const id = experiment.experiment_id;
  const note = noteOf(experiment);
  const rested = useRested();
  const pulse = useQuery({ ...pulseOf(id), enabled: rested && !deleted }).data;
  return (
    <tr data-at={at} aria-rowindex={at + 2}>
      <td className="name">
        <Link to="/experiments/$experimentId" params={{ experimentId: id }} title={experiment.name}>
          {experiment.name}
        </Link>
      </td>
      <td className="soft note wide-only" title={note || undefined}>
        {firstLine(note)}
      </td>
      <td className="count wide-only">{pulse?.runs.toLocaleString("en")}</td>
      <td className="soft" title={exactTime(pulse?.last?.start_time)}>
        {pulse?.last?.status === "RUNNING" && (
          <span className="running" role="img" aria-label="running" title="Running" />
        )}
        {ago(pulse?.last?.start_time)}
      </td>
      <td className="soft wide-only" title={exactTime(experiment.last_update_time)}>
        {ago(experiment.last_update_time)}
      </td>
      <td className="acts">
        <Menu
          label={`More for ${experiment.name}`}
          button={<span aria-hidden="true">⋯</span>}
          className="icon-button"
          items={
            deleted
              ? [{ title: "Restore…", act: () => onChange({ kind: "restore", experiment }) }]
              : [
                  { title: "Edit…", act: () => onChange({ kind: "edit", experiment, note }) },
                  { title: "Delete…", act: () => onChange({ kind: "delete", experiment }), danger: true },
                ]
          }
        />
      </td>
    </tr>
  );
}

function useRested(): boolean {
  const [rested, setRested] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setRested(true), RESTED_MS);
    return () => clearTimeout(timer);
  }, []);
  return rested;
}
