import { download, fileName } from "@/parts/download";
import { Menu } from "@/parts/Menu";
import { tell } from "@/parts/Toasts";
import type { Shared } from "./Chart";
import type { Loaded } from "./ChartData";
import { chartCsv } from "./csv";
import type { Picture } from "./draw";

interface Props {
  chartKey: string;
  zoomed: boolean;
  large: boolean;
  picture: Picture;
  whole: Loaded;
  shared: Shared;
}

/** What can be done with one chart. */
export function ChartActions({ chartKey, zoomed, large, picture, whole, shared }: Props) {
  const { runs, hidden, look, onZoom, onLarge } = shared;
  const png = async () => {
    const { chartPng } = await import("./png");
    download(await chartPng(chartKey, picture, look.x ?? "step"), fileName(chartKey, "png"));
  };
  const csv = async () => {
    const shown = runs.filter((run) => !hidden.has(run.runId));
    const { file, note } = await chartCsv(chartKey, shown, whole.series);
    download(file, fileName(chartKey, "csv"));
    if (note) tell(note);
  };
  return (
    <span className="chart-actions">
      {zoomed && (
        <button type="button" className="chart-button" onClick={() => onZoom(chartKey, undefined)}>
          Whole range
        </button>
      )}
      <Menu
        label={`Save ${chartKey}`}
        button={<span aria-hidden>⤓</span>}
        className="chart-button"
        items={[
          { title: "Picture (PNG)", act: () => saved(png()) },
          { title: "All points (CSV)", act: () => saved(csv()) },
        ]}
      />
      <button
        type="button"
        className="chart-button"
        aria-label={large ? "Close" : `Enlarge ${chartKey}`}
        title={large ? "Close" : "Enlarge"}
        onClick={() => onLarge(large ? undefined : chartKey)}
      >
        {large ? "✕" : "⤢"}
      </button>
    </span>
  );
}

function saved(work: Promise<void>): void {
  work.catch((error: Error) => tell(error.message, "failed"));
}
