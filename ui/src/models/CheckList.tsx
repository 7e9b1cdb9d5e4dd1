import type { CheckResultMessage } from "@/api/endpoints";

const NAMES: Record<string, string> = { signed: "signature", schema: "inputs" };

/** How each check of a gate would end, with what was found and what passes. */
export function CheckList({ checks }: { checks: CheckResultMessage[] }) {
  return (
    <ul className="checks">
      {checks.map((each) => (
        <li
          key={`${each.gate} ${each.check} ${each.subject}`}
          className={each.passed ? "check-passed" : "check-failed"}
        >
          <span aria-hidden="true">{each.passed ? "✓" : "✗"}</span>
          <span>
            <span className="hidden-text">{each.passed ? "passes: " : "fails: "}</span>
            <strong>{[NAMES[each.check] ?? each.check, each.subject].filter(Boolean).join(" ")}</strong>:{" "}
            {each.found}
            {!each.passed && <span className="soft"> — needed: {each.needed}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
