import { Link } from "@tanstack/react-router";
import { cellText } from "@/runs/values";
import type { Pair } from "./facts";
import type { RunTab } from "./search";

const MOST = 40;

/** The first of many values; all of them are in a tab of their own. */
export function PairsTable({
  title,
  tab,
  rows,
  numeric = false,
}: {
  title: string;
  tab: RunTab;
  rows: Pair[];
  numeric?: boolean;
}) {
  return (
    <section className="pairs" aria-label={title}>
      <h2>
        {title} <span className="soft">{rows.length.toLocaleString("en")}</span>
      </h2>
      {rows.length === 0 && <p className="soft">None were logged.</p>}
      <table>
        <tbody>
          {rows.slice(0, MOST).map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td className={numeric ? "numeric" : ""}>
                <span className="pairs-value">{cellText(value)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST && (
        <p>
          <Link to="." search={((was: object) => ({ ...was, tab })) as never}>
            All {rows.length.toLocaleString("en")}
          </Link>
        </p>
      )}
    </section>
  );
}
