import { useId } from "react";
import { typeText } from "@/models/mlmodel";
import type { Asked } from "./requests";

/** One value of a request, entered by its type. */
export function FieldRow({
  field,
  text,
  wrong,
  onText,
}: {
  field: Asked;
  text: string;
  wrong: string | undefined;
  onText: (text: string) => void;
}) {
  const id = useId();
  const given = {
    id,
    className: "field",
    value: text,
    "aria-invalid": wrong !== undefined || undefined,
    "aria-describedby": wrong === undefined ? undefined : `${id}-wrong`,
  };
  return (
    <div className={field.kind === "json" ? "field-row wide" : "field-row"}>
      <label htmlFor={id}>
        {field.label} <span className="soft">{typeWords(field)}</span>
      </label>
      {field.kind === "flag" ? (
        <select {...given} onChange={(event) => onText(event.target.value)}>
          <option value="">—</option>
          <option>true</option>
          <option>false</option>
        </select>
      ) : field.kind === "json" ? (
        <textarea
          {...given}
          className="field code"
          rows={3}
          spellCheck={false}
          placeholder="JSON"
          onChange={(event) => onText(event.target.value)}
        />
      ) : (
        <input
          {...given}
          inputMode={field.kind === "text" ? undefined : "decimal"}
          autoComplete="off"
          placeholder={HINTS[field.type.name]}
          onChange={(event) => onText(event.target.value)}
        />
      )}
      {wrong && (
        <p id={`${id}-wrong`} className="field-problem">
          {wrong}
        </p>
      )}
    </div>
  );
}

const HINTS: Record<string, string> = { datetime: "2026-01-31T12:00:00", binary: "base64" };

function typeWords({ key, type, shape, optional }: Asked): string {
  if (key.startsWith("param ")) return shape ? `list of ${typeText(type)}` : typeText(type);
  return `${typeText(type, shape)}${optional ? ", optional" : ""}`;
}
