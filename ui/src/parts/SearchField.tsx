import { useRef } from "react";
import { useShortcut } from "./useShortcut";
import "./controls.css";

/** Finds by name while one types; `/` leads to it. label: what is found. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const box = useRef<HTMLInputElement>(null);
  useShortcut("/", () => box.current?.focus());
  return (
    <input
      ref={box}
      className="field"
      type="search"
      placeholder="Find by name ( / )"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
