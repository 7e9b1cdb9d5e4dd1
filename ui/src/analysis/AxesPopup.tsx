import { Popup } from "@/parts/Popup";
import type { Axis } from "./axes";
import { isNames, moved } from "./brushes";
import { ColumnField } from "./ColumnField";
import { LogCheck } from "./LogCheck";
import type { AnalysisState, Brush } from "./state";

interface Props {
  experimentId: string;
  axes: readonly Axis[];
  logs: readonly string[];
  state: AnalysisState;
  onState: (next: Partial<AnalysisState>) => void;
}

/** Which axes there are, in which order, and which part of each is chosen: all that the pointer does, by keyboard. */
export function AxesPopup({ experimentId, axes, logs, state, onState }: Props) {
  const ids = axes.map((axis) => axis.column.id);
  const brushes = state.brushes ?? {};
  const choose = (id: string, brush: Brush | undefined) => {
    const { [id]: _, ...others } = brushes;
    onState({ brushes: brush ? { ...others, [id]: brush } : others });
  };
  return (
    <Popup label={`Axes (${ids.length})`}>
      {() => (
        <div className="axes-popup">
          <ol>
            {axes.map((axis, at) => {
              const { id, title } = axis.column;
              return (
                <li key={id}>
                  <span className="axis-title" title={title}>
                    {title}
                  </span>
                  <Part axis={axis} brush={brushes[id]} onBrush={(brush) => choose(id, brush)} />
                  {axis.names ? <span /> : <LogCheck id={id} logs={logs} onState={onState} />}
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={`${title} further left`}
                    disabled={at === 0}
                    onClick={() => onState({ axes: moved(ids, at, at - 1) })}
                  >
                    ↑
                  </button>
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={`${title} further right`}
                    disabled={at === ids.length - 1}
                    onClick={() => onState({ axes: moved(ids, at, at + 1) })}
                  >
                    ↓
                  </button>
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={`Remove ${title}`}
                    onClick={() => onState({ axes: ids.filter((each) => each !== id) })}
                  >
                    ×
                  </button>
                </li>
              );
            })}
          </ol>
          <ColumnField
            label="Add an axis"
            none="choose"
            experimentId={experimentId}
            attributes
            value={undefined}
            onChange={(id) => id && !ids.includes(id) && onState({ axes: [...ids, id] })}
          />
        </div>
      )}
    </Popup>
  );
}

function Part({
  axis,
  brush,
  onBrush,
}: {
  axis: Axis;
  brush: Brush | undefined;
  onBrush: (brush: Brush | undefined) => void;
}) {
  const { title } = axis.column;
  if (axis.names) {
    const chosen = brush && isNames(brush) ? brush : [];
    return (
      <select
        className="choice"
        aria-label={`Value of ${title}`}
        value={chosen.length === 1 ? chosen[0] : ""}
        onChange={(event) => onBrush(event.target.value ? [event.target.value] : undefined)}
      >
        <option value="">{chosen.length > 1 ? `${chosen.length} values` : "all"}</option>
        {axis.names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    );
  }
  const [low, high] = brush && !isNames(brush) ? brush : [undefined, undefined];
  const change = (next: [number | undefined, number | undefined]) => {
    const from = next[0] ?? axis.valueAt(0);
    const to = next[1] ?? axis.valueAt(1);
    onBrush((next[0] === undefined && next[1] === undefined) || from > to ? undefined : [from, to]);
  };
  const number = (text: string) => (text === "" || Number.isNaN(Number(text)) ? undefined : Number(text));
  return (
    <span className="axis-part">
      <input
        type="number"
        step="any"
        className="choice"
        aria-label={`${title} from`}
        placeholder="from"
        value={low ?? ""}
        onChange={(event) => change([number(event.target.value), high])}
      />
      <input
        type="number"
        step="any"
        className="choice"
        aria-label={`${title} to`}
        placeholder="to"
        value={high ?? ""}
        onChange={(event) => change([low, number(event.target.value)])}
      />
    </span>
  );
}
