import { type ReactNode, useEffect, useRef } from "react";
import "./controls.css";

/**
 * A question that keeps the focus until it is answered. Escape closes it, and so does a click beside it, unless
 * something was typed: that isn't thrown away by a slip of the hand. The first field has the focus, or the one that is
 * marked with data-focus.
 */
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
  const pressed = useRef<EventTarget | null>(null);
  const typed = useRef(false);
  useEffect(() => {
    const dialog = shown.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>("[data-focus]")?.focus();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={shown}
      className={wide ? "wide" : undefined}
      aria-label={title}
      onCancel={onClose}
      onInput={() => {
        typed.current = true;
      }}
      onPointerDown={(event) => {
        pressed.current = event.target;
      }}
      onClick={(event) => {
        // Text that is selected with the mouse may end beside the dialog.
        const beside = event.target === shown.current && pressed.current === shown.current;
        if (beside && !typed.current) onClose();
      }}
    >
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}
