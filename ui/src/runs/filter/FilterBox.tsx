import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useShortcut } from "@/parts/useShortcut";
import { keepFilter, lastFilters } from "../kept";
import type { Scope } from "../queries";
import { cursorAt } from "./cursor";
import { markedProblem } from "./problem";
import { chosen, type Suggestion } from "./suggest";
import { useSuggestions } from "./useSuggestions";
import "./filter.css";

interface Props {
  scope: Scope;
  /** What the server says of the filter that was asked with. */
  refusal: string | undefined;
  busy: boolean;
  /** `/` leads to the filter; where charts are, it leads to theirs. */
  slash: boolean;
  onFilter: (filter: string) => void;
}

/**
 * The filter, with what can come next below it. Enter filters; with a choice marked by the arrows it takes that. An
 * empty box offers the last filters.
 */
export function FilterBox({ scope, refusal, busy, slash, onFilter }: Props) {
  const { filter } = scope;
  const box = useRef<HTMLInputElement>(null);
  const marks = useRef<HTMLDivElement>(null);
  const id = useId();
  const [text, setText] = useState(filter);
  const [caret, setCaret] = useState<number | null>(null);
  const [at, setAt] = useState(-1);
  // Where the cursor goes once a choice is in the box: before the next key is pressed.
  const put = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (put.current === null) return;
    box.current?.focus();
    box.current?.setSelectionRange(put.current, put.current);
    put.current = null;
  });
  useShortcut("/", () => slash && box.current?.focus());
  useEffect(() => setText(filter), [filter]);

  const cursor = caret === null ? undefined : cursorAt(text, caret);
  const offered = useSuggestions(scope, text === "" ? undefined : cursor);
  const recent: Suggestion[] =
    caret !== null && text === "" ? lastFilters().map((each) => ({ text: each, note: "used before" })) : [];
  const first = useSuggestions(scope, text === "" && recent.length === 0 ? cursor : undefined);
  const list = caret === null ? [] : [...recent, ...offered, ...first];
  const marked = refusal && text === filter ? markedProblem(filter, refusal) : undefined;

  const look = () => {
    setCaret(box.current?.selectionStart ?? null);
    setAt(-1);
  };
  const close = () => {
    setCaret(null);
    setAt(-1);
  };
  const submit = (wanted = text) => {
    const tidy = wanted.trim();
    close();
    setText(tidy);
    keepFilter(tidy);
    onFilter(tidy);
  };
  const take = (suggestion: Suggestion) => {
    if (!cursor) return;
    if (recent.includes(suggestion)) return submit(suggestion.text);
    const next = chosen(text, cursor, suggestion.text);
    setText(next.text);
    setCaret(next.caret);
    setAt(-1);
    put.current = next.caret;
  };
  const press = (event: KeyboardEvent) => {
    const choice = list[at];
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && caret === null) look();
    else if (step !== 0) setAt(((at + 1 + step + list.length + 1) % (list.length + 1)) - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && choice) take(choice);
    else if (event.key === "Tab" && list[0] && text !== "" && cursor?.typed && !event.shiftKey) take(list[0]);
    else if (event.key === "Enter") submit();
    else if (event.key === "Escape" && caret !== null && list.length > 0) close();
    else if (event.key === "Escape") box.current?.blur();
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    if (at >= 0) document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at, id]);

  return (
    <div className="filter">
      <div className="filter-line">
        <input
          ref={box}
          className="field"
          role="combobox"
          spellCheck={false}
          autoComplete="off"
          value={text}
          aria-label="Filter"
          aria-invalid={refusal !== undefined && text === filter}
          aria-describedby={refusal ? `${id}-problem` : undefined}
          aria-expanded={list.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          placeholder="metrics.accuracy > 0.9 AND params.model = 'svm'   ( / )"
          onChange={(event) => {
            setText(event.target.value);
            look();
          }}
          onSelect={() =>
            document.activeElement === box.current && caret !== box.current?.selectionStart && look()
          }
          onFocus={look}
          onBlur={close}
          onKeyDown={press}
          onScroll={() => {
            if (marks.current && box.current) marks.current.scrollLeft = box.current.scrollLeft;
          }}
        />
        {marked && (
          <div ref={marks} className="filter-marks" aria-hidden="true">
            {filter.slice(0, marked.from)}
            <mark>{filter.slice(marked.from, marked.to) || " "}</mark>
            {filter.slice(marked.to)}
          </div>
        )}
        {busy && <span className="filter-busy" aria-hidden="true" />}
        {text !== "" && (
          <button type="button" className="filter-clear" aria-label="Clear" onClick={() => submit("")}>
            ×
          </button>
        )}
      </div>
      {list.length > 0 && (
        <div className="suggestions" id={`${id}-list`} role="listbox" aria-label="What can come next">
          {list.map((each, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the box's, which keeps the focus
            <div
              key={`${each.note} ${each.text}`}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              className="suggestion"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(each)}
            >
              <span>{each.text.slice(0, 200)}</span>
              <span className="soft">{each.note}</span>
            </div>
          ))}
        </div>
      )}
      {refusal && text === filter && (
        <p className="field-problem" id={`${id}-problem`} role="alert">
          {marked?.message ?? refusal}
        </p>
      )}
    </div>
  );
}
