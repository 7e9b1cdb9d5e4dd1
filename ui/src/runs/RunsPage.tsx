import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { ApiError } from "@/api/call";
import { ExperimentHead } from "@/experiments/ExperimentHead";
import { counted } from "@/parts/counts";
import { Problem } from "@/parts/Problem";
import { type Tab, TabPanel, Tabs } from "@/parts/Tabs";
import { useCommand } from "@/shell/commands";
import { BulkBar } from "./bulk/BulkBar";
import { ColumnsPicker } from "./ColumnsPicker";
import { projectionOf } from "./columns";
import { EmptyRuns, NoMatch } from "./EmptyRuns";
import { FilterBox } from "./filter/FilterBox";
import { GroupPicker } from "./GroupPicker";
import { type Asked, experimentOf, runCount, scopeOf } from "./queries";
import { RunPictures } from "./RunPictures";
import type { RunsSearch } from "./search";
import { RunsTable, type TableActs } from "./table/RunsTable";
import { useChosen } from "./useChosen";
import { useChosenColumns } from "./useChosenColumns";
import { useLines } from "./useLines";
import { useLiveRuns } from "./useLiveRuns";
import { useSelection } from "./useSelection";
import "@/parts/controls.css";
import "./runs.css";

const NO_GROUP: string[] = [];
const VIEWS: Tab[] = [
  { id: "table", title: "Table" },
  { id: "charts", title: "Charts" },
  { id: "analysis", title: "Analysis" },
];

export function RunsPage() {
  const { experimentId } = useParams({ from: "/experiments/$experimentId" });
  // Another experiment begins anew: nothing of this one is open there.
  return <Runs key={experimentId} experimentId={experimentId} />;
}

function Runs({ experimentId }: { experimentId: string }) {
  const search = useSearch({ from: "/experiments/$experimentId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId" });
  const experiment = useQuery(experimentOf(experimentId));
  const { filter = "", order = "", deleted = false, group = NO_GROUP, view = "table" } = search;
  const { columns, choose } = useChosenColumns(experimentId, search.columns);
  const asked = useMemo(
    (): Asked => ({ experimentId, filter, deleted, order, columns: projectionOf([...columns, ...group]) }),
    [experimentId, filter, deleted, order, columns, group],
  );
  const count = useQuery(runCount(scopeOf(experimentId, search))).data?.count;
  const found = useLines(asked, group, view !== "table");
  const live = useLiveRuns(asked, group.length > 0);
  const { lines, runs, onEnd, onToggle, onMore } = found;

  const change = useCallback(
    (next: Partial<RunsSearch>, replace = false) =>
      void navigate({ search: (was: RunsSearch) => ({ ...was, ...next }), replace }),
    [navigate],
  );
  const onAddress = useCallback((ids: string | undefined) => change({ selected: ids }, true), [change]);
  const [selected, select] = useSelection(search.selected, onAddress);
  const acts = useMemo(
    (): TableActs => ({
      onOrder: (next) => change({ order: next || undefined }),
      onArrange: ({ columns: next, pinned }) => {
        choose(next);
        change({ columns: next, pinned: pinned.length ? pinned : undefined }, true);
      },
      onWidths: (widths) => change({ widths }, true),
      onGroup: (id) => change({ group: [id] }),
      onSelect: select,
      onToggle,
      onMore,
      onEnd,
    }),
    [change, choose, select, onToggle, onMore, onEnd],
  );
  useCommand({ id: "runs.table", title: "Runs as a table", act: () => change({ view: undefined }) });
  useCommand({ id: "runs.charts", title: "Charts of the runs", act: () => change({ view: "charts" }) });
  useCommand({ id: "runs.analysis", title: "Analysis of the runs", act: () => change({ view: "analysis" }) });
  useCommand({
    id: "runs.deleted",
    title: deleted ? "Runs that aren't deleted" : "Deleted runs",
    act: () => change({ deleted: deleted ? undefined : true }),
  });
  const chosen = useChosen(asked, selected, lines, found.loading);

  // Opened children and groups are seen too; where all groups are closed, the runs in them are.
  const visible = useMemo(() => {
    if (view === "table") return runs;
    const seen = lines.flatMap((line) => (line.kind === "run" ? [line.run] : []));
    return seen.length > 0 ? seen : runs;
  }, [view, lines, runs]);

  const { error } = found;
  const refusal = error instanceof ApiError && error.status === 400 ? error.message : undefined;
  const name = experiment.data?.experiment?.name ?? "";
  const empty = !found.loading && !error && !experiment.error && lines.length === 0;
  const table = (slim: boolean) => (
    <RunsTable
      lines={lines}
      more={found.more}
      columns={{
        columns: slim ? NO_GROUP : columns,
        pinned: search.pinned,
        widths: slim ? undefined : search.widths,
      }}
      question={JSON.stringify([filter, order, deleted, group])}
      order={order}
      selected={selected}
      names={found.names}
      dots={view === "charts"}
      acts={acts}
    />
  );
  return (
    <div className="runs-page">
      <div className="runs-head">
        <ExperimentHead experimentId={experimentId} />
        <Tabs label="Views of the runs" tabs={VIEWS} chosen={view} param="view" />
      </div>
      <div className="runs-tools">
        <FilterBox
          scope={asked}
          refusal={refusal}
          busy={found.loading || found.waiting}
          slash={view === "table"}
          onFilter={(next) => change({ filter: next || undefined })}
        />
        <span className="soft runs-count" aria-live="polite">
          {count === undefined ? "" : counted(count, "run")}
        </span>
        {live.waiting > 0 && (
          <button
            type="button"
            className="button"
            onClick={() => {
              live.seen();
              found.again();
            }}
          >
            {live.waiting} new
          </button>
        )}
        <GroupPicker
          experimentId={experimentId}
          group={group}
          onChange={(next) => change({ group: next.length ? next : undefined })}
        />
        <ColumnsPicker
          experimentId={experimentId}
          columns={columns}
          onChange={(next) => {
            choose(next);
            change({ columns: next }, true);
          }}
          onReset={() => {
            choose(undefined);
            change({ columns: undefined, pinned: undefined, widths: undefined }, true);
          }}
        />
        <label className="check runs-deleted">
          <input
            type="checkbox"
            checked={deleted}
            onChange={(event) => change({ deleted: event.target.checked || undefined })}
          />
          Deleted
        </label>
        <BulkBar
          asked={asked}
          columns={columns}
          runs={chosen.runs}
          total={count}
          name={name}
          onSelect={select}
          onChanged={live.changed}
        />
      </div>
      <TabPanel id={view} param="view">
        {experiment.error && <Problem error={experiment.error} retry={() => experiment.refetch()} />}
        {error && !refusal && <Problem error={error} retry={found.again} />}
        {empty && filter === "" && !deleted && <EmptyRuns experimentName={name} />}
        {empty && filter === "" && deleted && (
          <p className="empty soft">No run of this experiment is deleted.</p>
        )}
        {empty && filter !== "" && (
          <NoMatch deleted={deleted} onClear={() => change({ filter: undefined })} />
        )}
        {lines.length > 0 && view === "table" && table(false)}
        {lines.length > 0 && view !== "table" && (
          <RunPictures
            experimentId={experimentId}
            runs={chosen.runs.length > 0 ? chosen.runs : visible}
            selected={chosen.runs.length > 0}
            waiting={chosen.waiting}
            group={group}
            search={search}
            onChange={change}
          >
            {table(true)}
          </RunPictures>
        )}
      </TabPanel>
    </div>
  );
}
