import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { ApiError, address, send, whenInTrouble } from "@/api/call";
import { fetchFailedAgain, queryClient } from "@/api/client";
import { noteSignedOut, useSignedOut, whenAskedToSignIn } from "@/api/session";
import { hearOtherTabs, tellOtherTabs } from "@/api/tabs";
import { feed } from "@/live/server";
import { typing } from "./keys";
import { SignIn } from "./SignIn";

const EVERY_MS = 5_000;
const WHILE_GONE_MS = 1_000;

/**
 * One line when the server is gone, or doesn't know who is looking, and none when all is well. When the server is back,
 * what couldn't be fetched is fetched without anybody doing anything.
 */
export function ServerState() {
  const health = useQuery({
    queryKey: ["health"],
    queryFn: async ({ signal }) => (await send(address("/health"), { signal })).text(),
    refetchInterval: (query) => (query.state.status === "error" ? WHILE_GONE_MS : EVERY_MS),
    retry: false,
  });
  const gone = health.error instanceof ApiError && health.error.passing;
  const { isFetching, refetch } = health;
  useEffect(
    () =>
      whenInTrouble((trouble) => {
        if (trouble === "signed-out") noteSignedOut(true);
        else if (!gone && !isFetching) void refetch();
      }),
    [gone, isFetching, refetch],
  );
  const wasGone = useRef(false);
  useEffect(() => {
    if (wasGone.current && !gone) {
      feed.again();
      void fetchFailedAgain();
    }
    wasGone.current = gone;
  }, [gone]);

  const signedOut = useSignedOut();
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    // Nobody's typing goes into a window that opens by itself.
    const busy = typing(document.activeElement) || document.querySelector("dialog[open]") !== null;
    setAsking(signedOut && !busy);
    return whenAskedToSignIn(() => setAsking(true));
  }, [signedOut]);
  useEffect(
    () =>
      hearOtherTabs((news) => {
        if (news === "changed") void queryClient.invalidateQueries({ predicate: (query) => !isRuns(query) });
        else if (news === "signed-out") window.location.reload();
        else {
          noteSignedOut(false);
          back();
        }
      }),
    [],
  );

  return (
    <>
      <div role="status">
        {gone && (
          <p className="server-state">
            The server doesn't answer. What you see may be old; this page goes on as soon as it is back.
          </p>
        )}
        {signedOut && !gone && (
          <p className="server-state">
            {queryClient.getQueryData(["whoami"])
              ? "Your sign-in ran out. What you see and typed is still here."
              : "You aren't signed in."}
            <button type="button" className="button" onClick={() => setAsking(true)}>
              Sign in
            </button>
          </p>
        )}
      </div>
      {asking && signedOut && (
        <SignIn
          onClose={() => setAsking(false)}
          onDone={() => {
            tellOtherTabs("signed-in");
            back();
          }}
        />
      )}
    </>
  );
}

/** Changes of runs come by the feed, which knows which they are. */
const isRuns = (query: { queryKey: readonly unknown[] }): boolean => query.queryKey[0] === "runs";

/** Somebody else may look now: nothing that was fetched before counts. */
function back(): void {
  void queryClient.invalidateQueries();
  feed.again();
}
