import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { PageTitle } from "@/parts/PageTitle";
import { Problem } from "@/parts/Problem";
import { SearchField } from "@/parts/SearchField";
import { useCommand } from "@/shell/commands";
import { type Change, ChangeDialog } from "./ChangeDialog";
import { ExperimentsTable } from "./ExperimentsTable";
import { FirstRun } from "./FirstRun";
import { experimentPages } from "./queries";
import "@/parts/controls.css";
import "@/parts/list.css";
import "./experiments.css";

export function ExperimentsPage() {
  const { q = "", deleted = false, order = "changed" } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const [change, setChange] = useState<Change | null>(null);
  const table = useRef<HTMLTableElement>(null);
  const pages = useInfiniteQuery(experimentPages({ text: q, deleted, order }));
  const create = () => setChange({ kind: "create" });
  useCommand({ id: "new-experiment", title: "New experiment", act: create, keys: "c" });

  const found = useMemo(
    () => pages.data?.pages.flatMap((page) => page.experiments ?? []) ?? [],
    [pages.data],
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  return (
    <div className="page">
      <div className="page-head">
        <PageTitle title="Experiments" />
        {/* biome-ignore lint/a11y/noStaticElementInteractions: an arrow leads from the field into what it found */}
        <div
          className="experiments-find"
          onKeyDown={(event) => {
            if (event.key !== "ArrowDown") return;
            event.preventDefault();
            table.current?.querySelector<HTMLElement>("td a")?.focus();
          }}
        >
          <SearchField
            label="Find experiments by name"
            value={q}
            onChange={(text) =>
              navigate({ search: (was) => ({ ...was, q: text || undefined }), replace: true })
            }
          />
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={deleted}
            onChange={(event) =>
              navigate({ search: (was) => ({ ...was, deleted: event.target.checked || undefined }) })
            }
          />
          Deleted
        </label>
        <button type="button" className="button main" onClick={create}>
          New experiment
        </button>
      </div>
      {pages.error && <Problem error={pages.error} retry={() => pages.refetch()} />}
      {pages.isSuccess && found.length === 0 && <Nothing text={q} deleted={deleted} />}
      {found.length > 0 && (
        <ExperimentsTable
          table={table}
          experiments={found}
          deleted={deleted}
          order={order}
          onOrder={(next) =>
            navigate({ search: (was) => ({ ...was, order: next === "changed" ? undefined : next }) })
          }
          onChange={setChange}
          onEnd={more}
        />
      )}
      {change && <ChangeDialog change={change} onClose={() => setChange(null)} />}
    </div>
  );
}

function Nothing({ text, deleted }: { text: string; deleted: boolean }) {
  if (!text && !deleted) return <FirstRun />;
  return (
    <p className="empty soft">
      {text ? `No ${deleted ? "deleted " : ""}experiment is called so.` : "No experiment is deleted."}
    </p>
  );
}
