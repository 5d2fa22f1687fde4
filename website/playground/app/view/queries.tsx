import type { JSX } from "preact";
import type { ShownReference } from "../../runtime/record/query_recorder.ts";
import type { RunOutcome, ShownQuery } from "../../runtime/run/run_program.ts";
import { pluginClass, shortName } from "../state/plugin_names.ts";
import { Sql } from "./sql.tsx";

/** The queries of the program, as written and as run. */
export function Queries({ outcome }: { readonly outcome: RunOutcome }): JSX.Element {
  const { queries, queriesLeft, statements } = outcome;
  const isPast = queries.length === 0 && statements.length > 0;
  return (
    <section class="queries" aria-label="Queries">
      {queries.map((query, i) => (
        <Query key={i} query={query} number={queries.length > 1 ? i + 1 : undefined} />
      ))}
      {isPast && <p class="none">No query came through the executor; see what was sent.</p>}
      {queriesLeft > 0 && <p>{queriesLeft} more queries were run.</p>}
    </section>
  );
}

function Query(
  { query, number }: { readonly query: ShownQuery; readonly number: number | undefined },
): JSX.Element {
  const { sql, refusal, error, rows, parameters, references, extendedBy } = query;
  const prefix = number === undefined ? "" : `${number}. `;
  const name = number === undefined ? "" : ` of query ${number}`;
  const failure = refusal?.error ?? error;
  const runs = failure === undefined;
  return (
    <article class="query">
      <div class="beside">
        <div>
          <h2>{prefix}As written</h2>
          {sql === undefined
            ? <p class="error">{failure?.message}</p>
            : <Sql label={`SQL as written${name}`} tokens={sql.before} change="removed" />}
        </div>
        <div>
          <h2>
            {runs ? "As run" : refusal === undefined ? "Failed" : "Refused"}
            {runs && rows !== undefined && (
              <span class="count">{rows} {rows === 1 ? "row" : "rows"}</span>
            )}
          </h2>
          {runs && sql !== undefined
            ? (
              <Sql
                label={`SQL as run${name}`}
                tokens={sql.after}
                change="added"
                parameters={parameters}
              />
            )
            : (
              <p class="error">
                {refusal?.plugin !== undefined && `By ${shortName(refusal.plugin)}: `}
                <code>{failure?.name}</code>
              </p>
            )}
        </div>
      </div>
      <References references={references} />
      {extendedBy.length > 0 && (
        <p class="extended">
          {extendedBy.map((plugin) => (
            <span key={plugin} class={`rule ${pluginClass(plugin)}`}>
              {shortName(plugin)}: adds to it when it runs, see what was sent
            </span>
          ))}
        </p>
      )}
    </article>
  );
}

function References(
  { references }: { readonly references: readonly ShownReference[] },
): JSX.Element | null {
  const ruled = references.filter(({ rules }) => rules.length > 0);
  if (ruled.length === 0) return null;
  return (
    <ul class="references">
      {ruled.map(({ table, alias, operation, rules }) => (
        <li key={`${table} ${alias} ${operation}`}>
          <span>
            {operation} <code>{table}</code>
            {alias !== table && (
              <>
                as <code>{alias}</code>
              </>
            )}
          </span>
          {rules.map(({ plugin, hook, says }) => (
            <span key={`${plugin} ${hook}`} class={`rule ${pluginClass(plugin)}`}>
              {shortName(plugin)}: {HOOKS[hook]}
              {says.length > 0 && ` (${says.join(", ")})`}
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** What each kind of rule does, in a word. */
const HOOKS = {
  filter: "filters rows",
  stamp: "sets columns",
  check: "checks rows",
  mask: "masks columns",
  rewriteDelete: "rewrites DELETE",
} as const;
