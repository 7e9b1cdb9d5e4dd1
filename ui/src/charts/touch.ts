/** What one finger does in a plot: across it chooses a range, tapped twice it leads back. Up and down scroll the page. */

export interface Finger {
  /** Places in pixels of the element. */
  onDrag: (from: number, to: number) => void;
  onDragged: () => void;
  onCancel: () => void;
  onTwice: () => void;
}

/** In pixels: less is a tap, or a click. */
export const LEAST_DRAG = 4;
const TWICE_MS = 350;
const TWICE_PIXELS = 30;

/** The browser takes what `touch-action` leaves to it, which cancels the pointer. */
export function listenToFinger(element: HTMLElement, finger: Finger): void {
  let down: PointerEvent | undefined;
  let dragged = false;
  let tapped: PointerEvent | undefined;
  const cancel = () => {
    if (dragged) finger.onCancel();
    down = undefined;
    dragged = false;
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    cancel();
    if (event.isPrimary) down = event;
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId !== down?.pointerId) return;
    dragged ||= Math.abs(event.clientX - down.clientX) >= LEAST_DRAG;
    if (!dragged) return;
    const { left, width } = element.getBoundingClientRect();
    const place = (each: PointerEvent) => Math.min(width, Math.max(0, each.clientX - left));
    finger.onDrag(place(down), place(event));
  });
  element.addEventListener("pointerup", (event) => {
    if (event.pointerId !== down?.pointerId) return;
    const wasDragged = dragged;
    down = undefined;
    dragged = false;
    if (wasDragged) return finger.onDragged();
    const twice = tapped !== undefined && isNear(tapped, event);
    tapped = twice ? undefined : event;
    if (twice) finger.onTwice();
  });
  element.addEventListener("pointercancel", (event) => {
    if (event.pointerId === down?.pointerId) cancel();
  });
}

function isNear(one: PointerEvent, other: PointerEvent): boolean {
  const away = Math.hypot(other.clientX - one.clientX, other.clientY - one.clientY);
  return other.timeStamp - one.timeStamp <= TWICE_MS && away <= TWICE_PIXELS;
}
