import type { ReactNode } from "react";
import "./chip.css";

/** A short fact that stands for itself: an alias, a status, a tag. */
export function Chip({
  tone = "plain",
  title,
  children,
}: {
  tone?: "plain" | "good" | "warning" | "danger" | "accent";
  title?: string;
  children: ReactNode;
}) {
  return (
    <span className={`chip-part ${tone}`} title={title}>
      {children}
    </span>
  );
}
