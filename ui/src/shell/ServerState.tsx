import { useQuery } from "@tanstack/react-query";
import { ApiError, address, send } from "@/api/call";

const EVERY_MS = 5_000;

/** One line when the server is gone, and none when it is back: queries then fetch again by themselves. */
export function ServerState() {
  const health = useQuery({
    queryKey: ["health"],
    queryFn: async ({ signal }) => (await send(address("/health"), { signal })).text(),
    refetchInterval: EVERY_MS,
    retry: false,
  });
  if (!(health.error instanceof ApiError) || !health.error.passing) return null;
  return (
    <div className="server-state" role="status">
      The server doesn't answer. What you see may be old; this page goes on as soon as it is back.
    </div>
  );
}
