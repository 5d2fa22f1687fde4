import type { JSX } from "preact";
import type { RunOutcome } from "../../runtime/run/run_program.ts";

/** Everything that was sent to the database in the run with plugins. */
export function Statements({ outcome }: { readonly outcome: RunOutcome }): JSX.Element | null {
  const { statements, queries } = outcome;
  if (statements.length === 0) return null;
  return (
    <details class="statements" open={queries.length === 0}>
      <summary>
        Sent to the database: {statements.length}{" "}
        {statements.length === 1 ? "statement" : "statements"}
      </summary>
      <ol tabIndex={0}>
        {statements.map(({ sql, parameters, duration, rows, error }, i) => (
          <li key={i}>
            <code>{sql.replace(/\s+/g, " ").trim()}</code>
            <small>
              {parameters.length > 0 && `[${parameters.map(({ text }) => text).join(", ")}] `}
              {duration.toFixed(1)} ms
              {rows !== undefined && rows > 0 && `, ${rows} ${rows === 1 ? "row" : "rows"}`}
              {error !== undefined && `, failed: ${error}`}
            </small>
          </li>
        ))}
      </ol>
    </details>
  );
}
