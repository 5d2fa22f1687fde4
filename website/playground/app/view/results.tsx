import type { JSX } from "preact";
import type { RunOutcome } from "../../runtime/run/run_program.ts";
import type { Cell, ShownResult } from "../../runtime/run/shown.ts";

/** What the program returned, with the plugins and without. */
export function Results({ outcome }: { readonly outcome: RunOutcome }): JSX.Element {
  const { guarded, alone, principal, facts } = outcome;
  return (
    <section class="beside" aria-label="Rows">
      <Result
        id="guarded"
        title={`As ${principal}`}
        result={guarded}
        isRefused={facts.refused}
      />
      <Result id="alone" title="Kysely alone" result={alone} others={othersIn(alone, guarded)} />
    </section>
  );
}

/** Returns the places of rows that another result does not have. */
function othersIn(result: ShownResult, other: ShownResult): ReadonlySet<number> {
  const others = new Set<number>();
  if (result.kind !== "rows" || other.kind === "error") return others;
  const left = new Map<string, number>();
  const keyOf = (row: readonly Cell[]) => JSON.stringify(row.map(({ text }) => text));
  for (const row of other.kind === "rows" ? other.rows : []) {
    left.set(keyOf(row), (left.get(keyOf(row)) ?? 0) + 1);
  }
  for (const [i, row] of result.rows.entries()) {
    const count = left.get(keyOf(row)) ?? 0;
    if (count === 0) others.add(i);
    else left.set(keyOf(row), count - 1);
  }
  return others;
}

const NO_OTHERS: ReadonlySet<number> = new Set();

function Result(
  { id, title, result, others = NO_OTHERS, isRefused = false }: {
    readonly id: string;
    readonly title: string;
    readonly result: ShownResult;
    /** The rows to mark. */
    readonly others?: ReadonlySet<number>;
    /** Whether its error is shown elsewhere. */
    readonly isRefused?: boolean;
  },
): JSX.Element {
  return (
    <div class="result" id={id}>
      <h2>
        {title}
        {result.kind === "rows" && <span class="count">{countOf(result.total)}</span>}
      </h2>
      <Value
        title={title}
        result={result}
        others={others}
        isRefused={isRefused}
        isAlone={id === "alone"}
      />
      {others.size > 0 && <p class="legend">absent or different through the executor</p>}
    </div>
  );
}

function countOf(total: number): string {
  return `${total} ${total === 1 ? "row" : "rows"}`;
}

function Value(
  { title, result, others, isRefused = false, isAlone = false }: {
    readonly title: string;
    readonly result: ShownResult;
    readonly others: ReadonlySet<number>;
    readonly isRefused?: boolean;
    readonly isAlone?: boolean;
  },
): JSX.Element {
  switch (result.kind) {
    case "several":
      return (
        <div class="several">
          {result.results.map((each, i) => (
            <Value key={i} title={`${title}, ${i + 1}`} result={each} others={NO_OTHERS} />
          ))}
        </div>
      );
    case "error":
      if (isRefused) return <p class="none">No result: it was refused.</p>;
      if (isAlone) return <p class="none">Without plugins it fails: {result.error.message}</p>;
      return (
        <p class="error">
          <code>{result.error.name}</code>: {result.error.message}
        </p>
      );
    case "value":
      return <pre class="value" tabIndex={0}>{result.text}</pre>;
    case "rows":
      return (
        <div class="table" tabIndex={0} role="region" aria-label={`Rows: ${title}`}>
          <table>
            <thead>
              <tr>{result.columns.map((name) => <th key={name} scope="col">{name}</th>)}</tr>
            </thead>
            <tbody>
              {result.rows.map((row, i) => (
                <tr key={i} class={others.has(i) ? "other" : undefined}>
                  {row.map(({ text, kind }, j) => <td key={j} class={`cell-${kind}`}>{text}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
          {result.total > result.rows.length && (
            <p class="more">{result.total - result.rows.length} more rows</p>
          )}
        </div>
      );
  }
}
