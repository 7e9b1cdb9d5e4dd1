import { type RefObject, useEffect, useState } from "react";

const BEFORE = "400px 0px";

const told = new WeakMap<Element, (near: boolean) => void>();
let observer: IntersectionObserver | undefined;

function shared(): IntersectionObserver {
  // scrollMargin: the page scrolls within its main part, whose edges would cut the margin off.
  const options: IntersectionObserverInit & { scrollMargin: string } = {
    rootMargin: BEFORE,
    scrollMargin: BEFORE,
  };
  observer ??= new IntersectionObserver((entries) => {
    for (const entry of entries) told.get(entry.target)?.(entry.isIntersecting);
  }, options);
  return observer;
}

/** The element is on the screen, or a little away from it. */
export function useNear(place: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    told.set(element, setNear);
    shared().observe(element);
    return () => {
      told.delete(element);
      shared().unobserve(element);
    };
  }, [place]);
  return near;
}
