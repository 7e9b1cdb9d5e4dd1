/** Keys of commands, wherever nobody is typing: one key, or several one after the other ("g e"). */

const NEXT_MS = 1_200;

export interface Bound {
  keys?: string;
  act: () => void;
}

/** Takes keys as they are pressed; true where one did something or begins what may. */
export class Sequences {
  private pressed: string[] = [];
  private last = 0;

  press(key: string, bound: readonly Bound[], now: number = Date.now()): boolean {
    const going = now - this.last > NEXT_MS ? [] : this.pressed;
    this.last = now;
    for (const tried of going.length > 0 ? [[...going, key], [key]] : [[key]]) {
      const text = tried.join(" ");
      const found = bound.findLast((each) => each.keys === text);
      if (found) {
        this.pressed = [];
        found.act();
        return true;
      }
      if (bound.some((each) => each.keys?.startsWith(`${text} `))) {
        this.pressed = tried;
        return true;
      }
    }
    this.pressed = [];
    return false;
  }
}

const FIELD = /^(INPUT|TEXTAREA|SELECT)$/;
const NOT_TYPED_IN = /^(checkbox|radio|button|submit|range)$/;

export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  return (
    FIELD.test(target.tagName) && !(target instanceof HTMLInputElement && NOT_TYPED_IN.test(target.type))
  );
}
