import type { RunMessage } from "@/api/endpoints";

export default function ModelsTab({ run }: { run: RunMessage }) {
  return <p>{run.info.run_id}</p>;
}
