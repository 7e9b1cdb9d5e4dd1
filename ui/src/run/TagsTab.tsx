import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import { TagsEditor } from "@/parts/TagsEditor";
import { idOf } from "@/runs/values";
import { sortedTags } from "./facts";
import { LongValue } from "./LongValue";
import "@/parts/sheet.css";

/** Tags that people set and change; those that programs write for themselves are shown below. */
export default function TagsTab({ run }: { run: RunMessage }) {
  const queries = useQueryClient();
  const { own, reserved } = sortedTags(run);
  const runId = idOf(run);
  const again = () => queries.invalidateQueries({ queryKey: ["run", runId] });
  return (
    <div className="run-tags">
      <TagsEditor
        tags={own}
        onSet={(key, value) => call("runs.set-tag", { run_id: runId, key, value }).then(again)}
        onDelete={(key) => call("runs.delete-tag", { run_id: runId, key }).then(again)}
      />
      {reserved.length > 0 && (
        <details>
          <summary>
            Written by programs <span className="soft">{reserved.length}</span>
          </summary>
          <table className="sheet">
            <tbody>
              {reserved.map(([key, value]) => (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  <td>
                    <LongValue text={value} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  );
}
