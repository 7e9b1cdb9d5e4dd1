import { useQuery } from "@tanstack/react-query";
import type { ParamCorrectionMessage, RunMessage } from "@/api/endpoints";
import { Snippet } from "@/parts/Snippet";
import { ago, exactTime } from "@/parts/times";
import { idOf } from "@/runs/values";
import { FindField, holds } from "./FindField";
import type { Pair } from "./facts";
import { LongValue } from "./LongValue";
import { correctionsOf } from "./queries";
import { useRunSearch } from "./useRunSearch";
import { VirtualTable } from "./VirtualTable";

/** Params with what they were before somebody corrected them. */
export default function ParamsTab({ run }: { run: RunMessage }) {
  const [search] = useRunSearch();
  const found = useQuery(correctionsOf(idOf(run)));
  const corrections = found.data?.corrections ?? [];
  const all: Pair[] = (run.data?.params ?? []).map((each) => [each.key, each.value ?? ""]);
  const rows = all.filter((pair) => holds(search.find, ...pair));
  if (all.length === 0)
    return (
      <div className="empty">
        <p>No params were logged to this run. One of them:</p>
        <Snippet label="Python" code={'mlflow.log_param("rate", 0.1)'} />
      </div>
    );
  return (
    <>
      <FindField label="Find params by name or value" />
      <VirtualTable
        label="Params"
        rows={rows}
        keyOf={([key]) => key}
        columns={[
          { title: "Param", width: "34%", cell: ([key]) => key },
          {
            title: "Value",
            cell: ([key, value]) => (
              <>
                <LongValue text={value} />
                {corrections
                  .filter((each) => each.key === key)
                  .map((each) => (
                    <Correction key={each.corrected_ms} correction={each} />
                  ))}
              </>
            ),
          },
        ]}
      />
    </>
  );
}

function Correction({ correction }: { correction: ParamCorrectionMessage }) {
  const { old, who, corrected_ms: at, reason } = correction;
  return (
    <span className="correction" title={exactTime(at)}>
      was <LongValue text={old} />, corrected by {who || "somebody"} {ago(at)}
      {reason && (
        <>
          : <q>{reason}</q>
        </>
      )}
    </span>
  );
}
