import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { fileAddress } from "@/artifacts/address";
import { imagesOf } from "./files";
import { type Picture, pictureAt, stepsOf } from "./images";
import { RunName } from "./RunName";
import type { ViewProps } from "./ValuesView";
import "./artifacts.css";

const SIZES = [128, 192, 256, 384, 512];
const NONE: Picture[] = [];

/** Images of the runs at one step, beside each other; one slider moves all. */
export default function ImagesView({ runs, search, onChange }: ViewProps) {
  const queries = useQueryClient();
  const [size, setSize] = useState(2);
  const found = useQueries({
    queries: runs.map((run) => imagesOf(queries, run.info.run_id ?? "")),
    combine: (all) => ({
      series: all.map((each) => each.data),
      reading: all.some((each) => each.isPending),
      problem: all.find((each) => each.error)?.error?.message,
    }),
  });
  const names = useMemo(() => {
    const counts = new Map<string, number>();
    for (const all of found.series)
      for (const name of all?.keys() ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  }, [found.series]);
  const name = names.some(([each]) => each === search.series) ? search.series : names[0]?.[0];
  const pictures = useMemo(
    () => found.series.map((all) => all?.get(name ?? "") ?? NONE),
    [found.series, name],
  );
  const steps = useMemo(() => stepsOf(pictures), [pictures]);
  const place = placeOf(steps, search.step);
  const step = steps[place] ?? 0;
  useAhead(
    runs.map((run) => run.info.run_id ?? ""),
    pictures,
    steps[place + 1],
  );

  if (found.problem) return <p className="empty field-problem">{found.problem}</p>;
  if (names.length === 0)
    return (
      <p className="empty soft">
        {found.reading
          ? "Looking for images…"
          : "None of these runs has images. mlflow.log_image(picture, key=…, step=…) logs them over steps."}
      </p>
    );
  return (
    <div className="compare-images">
      <div className="toolbar compare-tools">
        <label className="check">
          Images
          <select
            className="choice"
            value={name}
            onChange={(event) => onChange({ series: event.target.value, step: undefined })}
          >
            {names.map(([each, count]) => (
              <option key={each} value={each}>
                {each} ({count} of {runs.length} runs)
              </option>
            ))}
          </select>
        </label>
        {steps.length > 1 && (
          <label className="check step-slider">
            Step
            <input
              type="range"
              min={0}
              max={steps.length - 1}
              value={place}
              aria-valuetext={`step ${step}`}
              onChange={(event) => onChange({ series: name, step: steps[Number(event.target.value)] })}
            />
            <output>{step}</output>
          </label>
        )}
        <label className="check">
          Size
          <input
            type="range"
            min={0}
            max={SIZES.length - 1}
            value={size}
            aria-valuetext={`${SIZES[size]} pixels`}
            onChange={(event) => setSize(Number(event.target.value))}
          />
        </label>
      </div>
      <div className="image-grid" style={{ gridTemplateColumns: `repeat(auto-fill, ${SIZES[size]}px)` }}>
        {runs.map((run, at) => (
          <RunImage
            key={run.info.run_id}
            run={run}
            picture={pictureAt(pictures[at] ?? NONE, step)}
            step={step}
            pixels={SIZES[size] ?? 0}
          />
        ))}
      </div>
    </div>
  );
}

function RunImage({
  run,
  picture,
  step,
  pixels,
}: {
  run: ViewProps["runs"][number];
  picture: Picture | undefined;
  step: number;
  pixels: number;
}) {
  const [broken, setBroken] = useState<string>();
  const url = picture && fileAddress({ runId: run.info.run_id ?? "" }, picture.path);
  return (
    <figure>
      <RunName run={run} />
      {!url || broken === url ? (
        <div className="no-image soft" style={{ height: pixels }}>
          {url ? "The file can't be shown." : "no image yet"}
        </div>
      ) : (
        <a href={url} target="_blank" rel="noopener">
          <img
            src={url}
            width={pixels}
            height={pixels}
            alt={`${run.info.run_name} at step ${picture?.step}`}
            onError={() => setBroken(url)}
          />
        </a>
      )}
      <figcaption className="soft">
        {picture &&
          (picture.step === step ? `step ${step}` : `step ${picture.step}, the last before ${step}`)}
      </figcaption>
    </figure>
  );
}

/** The slider's place: at the step of the address, else the last. */
function placeOf(steps: readonly number[], wanted: number | undefined): number {
  if (wanted === undefined) return steps.length - 1;
  return Math.max(
    0,
    steps.findLastIndex((step) => step <= wanted),
  );
}

/** The next step's pictures are fetched before they are wanted. */
function useAhead(runIds: string[], pictures: readonly Picture[][], next: number | undefined): void {
  const urls =
    next === undefined ? "" : runIds.map((runId, at) => urlAt(runId, pictures[at], next)).join("\n");
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const url of urls.split("\n").filter(Boolean)) new Image().src = url;
    }, 200);
    return () => clearTimeout(timer);
  }, [urls]);
}

function urlAt(runId: string, pictures: Picture[] | undefined, step: number): string {
  const picture = pictureAt(pictures ?? NONE, step);
  return picture ? fileAddress({ runId }, picture.path) : "";
}
