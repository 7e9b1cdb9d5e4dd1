import { Link, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "@/api/call";
import { queryClient } from "@/api/client";
import { Problem } from "@/parts/Problem";
import { isPartMissing, reloadOnce, serverAnswers } from "./stale";
import "@/parts/controls.css";
import "./failed.css";

const EVERY_MS = 2_000;

/** In place of a page that failed: what happened, and ways on. The bar above it still works. */
export function Failed({ error: thrown, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (isPartMissing(error)) return <Missing />;
  const again = () => {
    // What couldn't be shown is still there to be shown again.
    queryClient.removeQueries({ type: "inactive" });
    reset();
    void router.invalidate();
  };
  if (error instanceof ApiError) return <Problem error={error} retry={again} />;
  return (
    <div className="page-failed" role="alert">
      <h1>This page failed</h1>
      <p>
        That is a mistake of the page; your runs are safe. Other pages go on working, and this one may, too,
        when it is tried again or shows something else.
      </p>
      <div className="toolbar">
        <button type="button" className="button main" onClick={again}>
          Try again
        </button>
        <Link to="." search={{} as never} className="button" onClick={again}>
          Without its settings
        </Link>
        <Link to="/" className="button">
          To all experiments
        </Link>
      </div>
      <details>
        <summary>What a report of it should say</summary>
        <pre>{`${error.name}: ${error.message}\n${error.stack ?? ""}`}</pre>
      </details>
    </div>
  );
}

/** A part of the page is not on the server any more, or the server is not there. */
function Missing() {
  const [stuck, setStuck] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const look = async () => {
      const there = await serverAnswers();
      if (over) return;
      if (!there) timer = setTimeout(look, EVERY_MS);
      else if (!reloadOnce()) setStuck(true);
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);
  return (
    <div className="page-failed" role="alert">
      <h1>{stuck ? "A part of this page is missing" : "This page isn't complete"}</h1>
      <p>
        {stuck
          ? "The server has no file that this page needs, although the page was just loaded anew. Somebody who runs the server should look whether its web pages were built completely."
          : "The server doesn't answer; the page opens as soon as it does."}
      </p>
      <div className="toolbar">
        <button type="button" className="button main" onClick={() => window.location.reload()}>
          Load it anew
        </button>
      </div>
    </div>
  );
}

export function NotFound() {
  return (
    <div className="page-failed">
      <h1>There is no such page</h1>
      <p>
        Nothing lies at <code className="address">{window.location.pathname}</code>. The address may be cut
        off, or what was there has another name now.
      </p>
      <div className="toolbar">
        <Link to="/" className="button main">
          To all experiments
        </Link>
        <Link to="/models" className="button">
          To all models
        </Link>
      </div>
    </div>
  );
}
