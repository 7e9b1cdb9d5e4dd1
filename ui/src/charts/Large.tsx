import { type ReactNode, useEffect, useRef } from "react";
import { Chart, type Shared } from "./Chart";

/** One chart, as large as the window, with its legend. */
export function Large({
  chartKey,
  zoom,
  shared,
  legend,
}: {
  chartKey: string;
  zoom?: [number, number];
  shared: Shared;
  legend: ReactNode;
}) {
  const shown = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = shown.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={shown}
      className="chart-large"
      aria-label={chartKey}
      onCancel={(event) => {
        event.preventDefault();
        shared.onLarge(undefined);
      }}
    >
      <Chart chartKey={chartKey} zoom={zoom} large shared={shared} />
      {legend}
    </dialog>
  );
}
