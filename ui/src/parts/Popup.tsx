import { type ReactNode, useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import "./controls.css";
import "./popup.css";

const EDGE = 8;

/**
 * A button and what it opens, above everything else wherever it stands. Escape and a click beside it close it, and the
 * focus goes back to the button: the browser does that.
 */
export function Popup({
  label,
  button,
  className = "button",
  role = "dialog",
  children,
}: {
  /** What the popup is; the button's name too, where `button` is a sign only. */
  label: string;
  button?: ReactNode;
  className?: string;
  role?: "menu" | "dialog" | "listbox";
  children: (close: () => void) => ReactNode;
}) {
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const close = useCallback(() => panel.current?.hidePopover(), []);

  // It has a size once it is shown, and another one when what is in it comes later.
  useLayoutEffect(() => {
    const shown = panel.current;
    if (!open || !opener.current || !shown) return;
    const place = () => opener.current && stand(shown, opener.current);
    place();
    const sized = new ResizeObserver(place);
    sized.observe(shown);
    return () => sized.disconnect();
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const moved = (event: Event) => {
      if (!(event.target instanceof Node && panel.current?.contains(event.target))) close();
    };
    window.addEventListener("scroll", moved, true);
    window.addEventListener("resize", moved);
    return () => {
      window.removeEventListener("scroll", moved, true);
      window.removeEventListener("resize", moved);
    };
  }, [open, close]);

  return (
    <>
      <button
        ref={opener}
        type="button"
        className={className}
        popoverTarget={id}
        aria-haspopup={role}
        aria-expanded={open}
        aria-label={typeof button === "string" || button === undefined ? undefined : label}
        title={typeof button === "string" || button === undefined ? undefined : label}
      >
        {button ?? label}
      </button>
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: every role that it may have takes a name */}
      <div
        ref={panel}
        id={id}
        popover="auto"
        className="popup"
        role={role}
        aria-label={label}
        onBeforeToggle={(event) => setOpen(event.newState === "open")}
      >
        {open && children(close)}
      </div>
    </>
  );
}

/** Below the button, above it where there is no room, and never beyond the window's edge. */
function stand(panel: HTMLElement, opener: HTMLElement): void {
  const from = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = from.bottom + height + EDGE <= window.innerHeight || from.top < height + EDGE;
  const top = below ? Math.min(from.bottom + 4, window.innerHeight - height - EDGE) : from.top - height - 4;
  panel.style.top = `${Math.max(EDGE, top)}px`;
  panel.style.left = `${Math.max(EDGE, Math.min(from.left, window.innerWidth - width - EDGE))}px`;
}
