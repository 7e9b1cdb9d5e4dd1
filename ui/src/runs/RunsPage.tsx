import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { ApiError } from "@/api/call";
import { Crumbs } from "@/parts/Crumbs";
import { Problem } from "@/parts/Problem";
import { useShortcut } from "@/parts/useShortcut";
import { ColumnsMenu } from "./ColumnsMenu";
import { columnsOf } from "./columns";
import { experimentOf, type Keys, keysOf, runCount, runPages } from "./queries";
import { RunsTable } from "./RunsTable";
import { useLive } from "./useLive";
import "@/parts/controls.css";
import "./runs.css";

const FIRST = 4;
const NO_KEYS: Keys = { metrics: [], params: [] };

export function RunsPage() {
  const { experimentId } = useParams({ from: "/experiments/$experimentId" });
  const search = useSearch({ from: "/experiments/$experimentId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId" });
  const box = useRef<HTMLInputElement>(null);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const experiment = useQuery(experimentOf(experimentId));
  const keys = useQuery(keysOf(experimentId)).data;
  const { filter = "", order = "", deleted = false } = search;
  const metrics = useMemo(
    () => search.metrics ?? keys?.metrics.slice(0, FIRST) ?? [],
    [search.metrics, keys],
  );
  const params = useMemo(() => search.params ?? keys?.params.slice(0, FIRST) ?? [], [search.params, keys]);
  const asked = { experimentId, filter, order, deleted, metrics, params };
  const pages = useInfiniteQuery({ ...runPages(asked), enabled: keys !== undefined });
  const count = useQuery(runCount(asked)).data?.count;
  useLive(experimentId);
  useShortcut("/", () => box.current?.focus());

  const runs = useMemo(() => pages.data?.pages.flatMap((page) => page.runs ?? []) ?? [], [pages.data]);
  const columns = useMemo(() => columnsOf(metrics, params), [metrics, params]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const select = useCallback((runId: string, on: boolean) => {
    setSelected((was) => {
      const next = new Set(was);
      if (on) next.add(runId);
      else next.delete(runId);
      return next;
    });
  }, []);
  const refused = pages.error instanceof ApiError && pages.error.status === 400 ? pages.error : null;

  return (
    <div className="runs-page">
      <div className="runs-head">
        <Crumbs title={experiment.data?.experiment?.name ?? ""}>
          <Link to="/">Experiments</Link>
        </Crumbs>
        <form
          className="filter"
          onSubmit={(event) => {
            event.preventDefault();
            void navigate({ search: (was) => ({ ...was, filter: box.current?.value || undefined }) });
          }}
        >
          <input
            key={filter}
            ref={box}
            className="field"
            type="search"
            spellCheck={false}
            defaultValue={filter}
            aria-label="Filter"
            aria-invalid={refused !== null}
            placeholder="metrics.accuracy > 0.9 AND params.model = 'svm'   ( / )"
          />
          {refused && <p className="field-problem">{refused.message}</p>}
        </form>
        <div className="runs-tools">
          <span className="soft">{count === undefined ? "" : `${count.toLocaleString("en")} runs`}</span>
          {selected.size > 0 && <span>{selected.size} selected</span>}
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
          <ColumnsMenu
            keys={keys ?? NO_KEYS}
            metrics={metrics}
            params={params}
            onChange={(chosenMetrics, chosenParams) =>
              navigate({
                search: (was) => ({ ...was, metrics: chosenMetrics, params: chosenParams }),
                replace: true,
              })
            }
          />
        </div>
      </div>
      {experiment.error && <Problem error={experiment.error} retry={() => experiment.refetch()} />}
      {pages.error && !refused && <Problem error={pages.error} retry={() => pages.refetch()} />}
      {pages.isSuccess && runs.length === 0 && <p className="empty soft">No runs here.</p>}
      {runs.length > 0 && (
        <RunsTable
          runs={runs}
          columns={columns}
          order={order}
          selected={selected}
          onOrder={(next) => navigate({ search: (was) => ({ ...was, order: next || undefined }) })}
          onSelect={select}
          onEnd={more}
        />
      )}
    </div>
  );
}
