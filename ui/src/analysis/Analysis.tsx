import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ComponentType, type KeyboardEvent, lazy, Suspense, useCallback, useMemo } from "react";
import type { RunMessage } from "@/api/endpoints";
import { Problem } from "@/parts/Problem";
import { runCount, runKeys } from "@/runs/queries";
import { idOf } from "@/runs/values";
import { part } from "@/shell/stale";
import { chosenOf, MOST_FEATURES, wantedIds } from "./chosen";
import { MOST_RUNS, type Population } from "./queries";
import { type AnalysisState, TABS, type Tab } from "./state";
import { useValues } from "./useValues";
import type { ViewProps } from "./view";
import "@/parts/controls.css";
import "@/parts/tabs.css";
import "./analysis.css";

const VIEWS: Record<Exclude<Tab, "importance">, ComponentType<ViewProps>> = {
  parallel: lazy(() => part(import("./Parallel"))),
  scatter: lazy(() => part(import("./Scatter"))),
  contour: lazy(() => part(import("./Contour"))),
  box: lazy(() => part(import("./Boxes"))),
};
const Importance = lazy(() => part(import("./Importance")));

const TITLES: Record<Tab, string> = {
  parallel: "Parallel coordinates",
  scatter: "Scatter",
  contour: "Contour",
  box: "Boxes",
  importance: "Importance",
};

interface Props {
  experimentId: string;
  /** Those of the page. */
  runs: RunMessage[];
  /** The page's filter, where pictures may be of all that match it. */
  filter?: string;
  deleted?: boolean;
  /** The runs were chosen one by one; else pictures begin with all that match. */
  selected?: boolean;
  state: AnalysisState;
  onState: (next: AnalysisState) => void;
}

/** Pictures of many runs at once: what was tried, what came of it, and what mattered. */
export function Analysis({ experimentId, runs, filter, deleted, selected = false, state, onState }: Props) {
  const navigate = useNavigate();
  const tab = state.tab ?? "parallel";
  const scope = state.scope ?? (selected || filter === undefined ? "shown" : "matching");
  const runIds = runs.map(idOf).join();
  const of = useMemo(
    (): Population =>
      scope === "shown"
        ? { experimentId, runIds: runIds ? runIds.split(",") : [] }
        : { experimentId, filter, deleted },
    [experimentId, scope, runIds, filter, deleted],
  );
  const matching = useQuery({
    ...runCount({ experimentId, filter: filter ?? "", deleted: deleted ?? false }),
    enabled: filter !== undefined,
  }).data?.count;
  const params = useQuery(runKeys(experimentId, "params")).data;
  const metrics = useQuery(runKeys(experimentId, "metrics")).data;
  const keys = useMemo(
    () => ({ params: params?.keys ?? [], metrics: metrics?.keys ?? [] }),
    [params?.keys, metrics?.keys],
  );
  const wanted = JSON.stringify(wantedIds({ ...state, tab }, keys));
  const ids = useMemo(() => JSON.parse(wanted) as string[], [wanted]);
  const { values, found } = useValues(of, ids, params !== undefined && metrics !== undefined);
  const chosen = useMemo(
    () => chosenOf({ ...state, tab }, keys, new Map(ids.map((id) => [id, values.column(id)]))),
    [state, tab, keys, ids, values],
  );
  const change = useCallback(
    (next: Partial<AnalysisState>) => onState({ ...state, ...next }),
    [state, onState],
  );
  const open = useCallback(
    (at: number) => {
      const info = values.runs[at]?.info;
      if (info?.run_id)
        void navigate({
          to: "/experiments/$experimentId/runs/$runId",
          params: { experimentId: info.experiment_id ?? experimentId, runId: info.run_id },
        });
    },
    [values.runs, navigate, experimentId],
  );
  const given: ViewProps = { experimentId, values, chosen, state, onState: change, onOpen: open };
  const View = tab === "importance" ? undefined : VIEWS[tab];
  return (
    <section className="analysis" aria-label="Analysis">
      <div className="analysis-head">
        <TabButtons
          chosen={tab}
          onChoose={(next) => change({ tab: next === "parallel" ? undefined : next })}
        />
        {filter !== undefined && (
          <label className="check">
            Of
            <select
              className="choice"
              value={scope}
              onChange={(event) => change({ scope: event.target.value as AnalysisState["scope"] })}
            >
              <option value="matching">
                {matching === undefined
                  ? "all that match"
                  : matching > MOST_RUNS
                    ? `the newest ${MOST_RUNS.toLocaleString("en")} of ${matching.toLocaleString("en")} that match`
                    : `all ${matching.toLocaleString("en")} that match`}
              </option>
              <option value="shown">
                the {runs.length.toLocaleString("en")} {selected ? "selected" : "shown"}
              </option>
            </select>
          </label>
        )}
      </div>
      {found.error && <Problem error={found.error} retry={() => found.refetch()} />}
      {found.isPending && <p className="empty soft">Loading…</p>}
      {found.data?.length === 0 && <p className="empty soft">No runs: nothing can be drawn.</p>}
      {values.runs.length > 0 && (
        <div
          role="tabpanel"
          aria-label={TITLES[tab]}
          className={found.isPlaceholderData ? "analysis-old" : undefined}
        >
          <Suspense fallback={<p className="empty soft">Loading…</p>}>
            {View ? (
              <View key={tab} {...given} />
            ) : (
              <Importance
                {...given}
                params={{
                  keys: keys.params,
                  more: keys.params.length > MOST_FEATURES || Boolean(params?.next_page_token),
                }}
              />
            )}
          </Suspense>
        </div>
      )}
    </section>
  );
}

function TabButtons({ chosen, onChoose }: { chosen: Tab; onChoose: (tab: Tab) => void }) {
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")];
    if (!step) return;
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[(at + step + all.length) % all.length]?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Pictures" onKeyDown={move}>
      {TABS.map((tab) => (
        <button
          key={tab}
          type="button"
          role="tab"
          aria-selected={tab === chosen}
          tabIndex={tab === chosen ? 0 : -1}
          className={tab === chosen ? "tab chosen" : "tab"}
          onClick={() => onChoose(tab)}
        >
          {TITLES[tab]}
        </button>
      ))}
    </div>
  );
}
