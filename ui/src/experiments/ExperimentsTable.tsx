import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useState } from "react";
import type { ExperimentMessage } from "@/api/endpoints";
import type { Change } from "./ChangeDialog";
import { ExperimentRow } from "./ExperimentRow";
import type { Order } from "./search";

interface Props {
  table: RefObject<HTMLTableElement | null>;
  experiments: ExperimentMessage[];
  deleted: boolean;
  order: Order;
  onOrder: (order: Order) => void;
  onChange: (change: Change) => void;
  onEnd: () => void;
}

const ROW_PX = 36;
const SPARE = 12;
const PAGE_ROWS = 10;

/** Any number of experiments: only the rows in sight are in the page. Arrows lead from name to name. */
export function ExperimentsTable({ table, experiments, deleted, order, onOrder, onChange, onEnd }: Props) {
  const [top, setTop] = useState(0);
  const [wanted, setWanted] = useState<number | null>(null);
  const rows = useVirtualizer({
    count: experiments.length,
    getScrollElement: () => document.getElementById("main"),
    estimateSize: () => ROW_PX,
    overscan: SPARE,
    scrollMargin: top,
  });
  useLayoutEffect(() => {
    const box = document.getElementById("main");
    if (!box || !table.current) return;
    setTop(table.current.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop);
  }, [table]);

  const shown = rows.getVirtualItems();
  const first = shown[0];
  const last = shown.at(-1);
  useEffect(() => {
    if (last && last.index >= experiments.length - SPARE) onEnd();
  }, [last, experiments.length, onEnd]);
  useEffect(() => {
    if (wanted === null) return;
    const link = table.current?.querySelector<HTMLElement>(`tr[data-at="${wanted}"] a`);
    link?.focus({ preventScroll: true });
    if (link) setWanted(null);
  });

  const press = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest("td.name")?.closest("tr");
    const at = Number(row?.dataset.at);
    const next = row ? nextRow(event.key, at, experiments.length - 1) : undefined;
    if (next === undefined) return;
    event.preventDefault();
    rows.scrollToIndex(next);
    setWanted(next);
  };

  return (
    <table ref={table} className="list experiments" aria-rowcount={experiments.length + 1} onKeyDown={press}>
      <thead>
        <tr>
          <Head name="Name" of="name" order={order} onOrder={onOrder} />
          <th scope="col" className="wide-only">
            Description
          </th>
          <th scope="col" className="count wide-only">
            Runs
          </th>
          <th scope="col">Last run</th>
          <Head name="Changed" of="changed" order={order} onOrder={onOrder} wide />
          <th scope="col" className="acts">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        <Space px={first ? first.start - top : 0} />
        {shown.map(({ index }) => {
          const experiment = experiments[index];
          return (
            experiment && (
              <ExperimentRow
                key={experiment.experiment_id}
                at={index}
                experiment={experiment}
                deleted={deleted}
                onChange={onChange}
              />
            )
          );
        })}
        <Space px={last ? rows.getTotalSize() - (last.end - top) : 0} />
      </tbody>
    </table>
  );
}

function Head({
  name,
  of,
  order,
  onOrder,
  wide = false,
}: {
  name: string;
  of: Order;
  order: Order;
  onOrder: (order: Order) => void;
  wide?: boolean;
}) {
  const chosen = order === of;
  return (
    <th
      scope="col"
      className={wide ? "wide-only" : undefined}
      aria-sort={chosen ? (of === "name" ? "ascending" : "descending") : undefined}
    >
      <button type="button" className="sort" onClick={() => onOrder(of)}>
        {name}
        {chosen && <span aria-hidden="true"> {of === "name" ? "↑" : "↓"}</span>}
      </button>
    </th>
  );
}

/** What isn't in the page has its height. */
function Space({ px }: { px: number }) {
  return px > 0 ? (
    <tr>
      <td style={{ height: px, padding: 0, border: 0 }} />
    </tr>
  ) : null;
}

function nextRow(key: string, at: number, last: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + PAGE_ROWS,
    PageUp: at - PAGE_ROWS,
    Home: 0,
    End: last,
  };
  const next = steps[key];
  return next === undefined ? undefined : Math.max(0, Math.min(last, next));
}
