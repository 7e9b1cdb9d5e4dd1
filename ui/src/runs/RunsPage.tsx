import { useParams } from "@tanstack/react-router";

export function RunsPage() {
  const { experimentId } = useParams({ from: "/experiments/$experimentId" });
  return <div className="page">{experimentId}</div>;
}
