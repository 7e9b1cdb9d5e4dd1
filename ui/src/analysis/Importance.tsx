import { useCallback, useMemo } from "react";
import { counted } from "@/parts/counts";
import { ColumnField } from "./ColumnField";
import { MOST_FEATURES } from "./chosen";
import { BOLD, type Draw, line, text } from "./draw";
import { type Fact, FEW_RUNS, questionOf } from "./importances";
import { Picture } from "./Picture";
import { useForest } from "./useForest";
import type { ViewProps } from "./view";

const MOST_BARS = 20;
const BAR_PX = 22;
const POOR = 0.1; // share explained below which importances say nothing
const NONE: (number | null)[] = [];

type Ranked = Fact & { importance: number | undefined };

/** Which params matter for a metric, and how each goes together with it. */
export default function Importance({
  values,
  chosen,
  onState,
  experimentId,
  params,
}: ViewProps & {
  /** Keys of params, and whether there are more. */
  params: { keys: string[]; more: boolean };
}) {
  const metric = chosen.metric ? values.column(chosen.metric) : undefined;
  const numbers = metric?.kind === "numbers" ? metric.values : NONE;
  const question = useMemo(
    () =>
      questionOf(
        params.keys.slice(0, MOST_FEATURES).map((key) => values.column(`params.${key}`)),
        numbers,
      ),
    [params.keys, values, numbers],
  );
  const { learned, done, failed } = useForest(question);
  const { facts, target, constant } = question;
  const ranked = useMemo(
    () =>
      facts
        .map((fact, at): Ranked => ({ ...fact, importance: learned?.importance[at] }))
        .sort((a, b) => (b.importance ?? 0) - (a.importance ?? 0)),
    [facts, learned],
  );
  const bars = ranked.slice(0, MOST_BARS);
  const title = metric?.title ?? "";
  const draw = useCallback<Draw>(
    (context, { width, palette }) => {
      const left = Math.min(220, width * 0.36);
      const most = Math.max(...bars.map((bar) => bar.importance ?? 0), 1e-9);
      text(context, `What matters for ${title}`, 8, 14, { colour: palette.text, font: BOLD });
      for (const [at, bar] of bars.entries()) {
        const y = 34 + at * BAR_PX;
        const share = Math.max(0, bar.importance ?? 0) / most;
        text(context, bar.title, left - 10, y + 7, { align: "right", colour: palette.text, most: left - 18 });
        context.fillStyle = palette.accent;
        context.fillRect(left, y, share * (width - left - 64), 14);
        const said = (bar.importance ?? 0).toFixed(3);
        text(context, said, left + share * (width - left - 64) + 6, y + 7, { colour: palette.soft });
      }
      line(context, palette.strong, [left - 0.5, 28], [left - 0.5, 34 + bars.length * BAR_PX]);
    },
    [bars, title],
  );
  const first = ranked.filter((each) => (each.importance ?? 0) > 0).slice(0, 3);
  return (
    <>
      <div className="toolbar analysis-fields">
        <ColumnField
          label="Metric"
          experimentId={experimentId}
          parts={["metrics"]}
          attributes
          value={chosen.metric}
          onChange={(id) => onState({ metric: id })}
        />
        {ranked.length > 0 && !learned && !failed && <progress value={done} aria-label="Growing trees" />}
      </div>
      {failed && <p className="warning">{failed}</p>}
      {target.length < FEW_RUNS && target.length > 0 && (
        <p className="warning" role="status">
          Only {counted(target.length, "run")} with a value of {title}: with fewer than {FEW_RUNS}, chance
          looks like importance.
        </p>
      )}
      {learned?.explained !== undefined && (
        <p className={learned.explained < POOR ? "warning" : "soft"} role="status">
          {learned.explained < POOR
            ? `The forest can't tell ${title} of runs that it hasn't seen from the params: the importances say nothing.`
            : `The forest explains ${Math.round(100 * learned.explained)} % of the variance of ${title} among runs that it hasn't seen.`}
        </p>
      )}
      {learned?.explained === undefined && learned && (
        <p className="warning">{title} is the same in all runs: nothing can matter for it.</p>
      )}
      {ranked.length === 0 ? (
        <p className="empty soft">
          {target.length === 0
            ? `No run has a finite value of ${title || "a metric"}.`
            : "No param differs between these runs."}
        </p>
      ) : (
        <>
          {learned && (
            <Picture
              label={`Importance for ${title}: ${first.map((each) => `${each.title} ${each.importance?.toFixed(3)}`).join(", ") || "none"}`}
              name={`importance ${title}`}
              height={48 + bars.length * BAR_PX}
              draw={draw}
            />
          )}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
          <section className="importance-scroll" aria-label="Importances and correlations" tabIndex={0}>
            <ImportanceTable ranked={ranked} total={target.length} />
          </section>
          <p className="soft">
            Importance: how much worse a random forest of {title} guesses when the param is mixed up among
            runs, as a share of the variance. r: Pearson, ρ: Spearman (of ranks), η: correlation ratio, for
            names; none tells what causes what.{" "}
            {constant.length > 0 &&
              `The same in all runs: ${constant.slice(0, 12).join(", ")}${constant.length > 12 ? " …" : ""}. `}
            {params.more && `Only the first ${MOST_FEATURES} params by name are looked at.`}
          </p>
        </>
      )}
    </>
  );
}

const signed = (value: number | undefined): string =>
  value === undefined ? "–" : value.toFixed(2).replace("-", "−");

function ImportanceTable({ ranked, total }: { ranked: readonly Ranked[]; total: number }) {
  return (
    <table className="importance-table">
      <thead>
        <tr>
          <th scope="col">Param</th>
          <th scope="col">Importance</th>
          <th scope="col" title="Pearson's correlation">
            r
          </th>
          <th scope="col" title="Spearman's rank correlation">
            ρ
          </th>
          <th scope="col" title="Correlation ratio of names">
            η
          </th>
          <th scope="col">Values</th>
          <th scope="col">Runs of {total}</th>
        </tr>
      </thead>
      <tbody>
        {ranked.map((each) => (
          <tr key={each.id}>
            <th scope="row">{each.title}</th>
            <td className="numeric">{each.importance === undefined ? "…" : signed(each.importance)}</td>
            <td className="numeric">
              <Correlation value={each.pearson} />
            </td>
            <td className="numeric">
              <Correlation value={each.spearman} />
            </td>
            <td className="numeric">{signed(each.eta)}</td>
            <td className="numeric">{each.values}</td>
            <td className="numeric">{each.count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A number whose bar goes left for minus and right for plus. */
function Correlation({ value }: { value: number | undefined }) {
  const half = Math.abs(value ?? 0) * 24;
  return (
    <span className="correlation">
      {value !== undefined && (
        <span
          aria-hidden="true"
          className={value < 0 ? "correlation-bar minus" : "correlation-bar"}
          style={{ width: half, left: value < 0 ? 24 - half : 24 }}
        />
      )}
      {signed(value)}
    </span>
  );
}
