import { useState } from "react";
import type { RunMessage } from "@/api/endpoints";
import { RunDialog } from "./RunDialog";

/** A run may be deleted while somebody looks at it: it is still shown, and said to be gone. */
export function DeletedBanner({ run }: { run: RunMessage }) {
  const [asking, setAsking] = useState(false);
  return (
    <div className="run-deleted" role="status">
      <span>This run is deleted. Nothing can be logged to it, and lists don't show it.</span>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        Restore
      </button>
      {asking && <RunDialog kind="restore" run={run} onClose={() => setAsking(false)} />}
    </div>
  );
}
