import { type ReactNode, useEffect, useRef } from "react";
import "./controls.css";

/** A question that keeps the focus until it is answered. Escape and a click beside it close it. */
export function Dialog({
  title,
  onClose,
  wide = false,
  children,
}: {
  title: string;
  onClose: () => void;
  /** For what is read rather than answered. */
  wide?: boolean;
  children: ReactNode;
}) {
  const shown = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = shown.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={shown}
      className={wide ? "wide" : undefined}
      aria-label={title}
      onCancel={onClose}
      onClick={(event) => event.target === shown.current && onClose()}
    >
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}
