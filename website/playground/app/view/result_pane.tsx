import type { ComponentChildren, JSX } from "preact";
import { activity, engine, runs, type Shown, shown } from "../state/playground.ts";
import type { RunOutcome } from "../../runtime/run/run_program.ts";
import { Queries } from "./queries.tsx";
import { Results } from "./results.tsx";
import { Scope } from "./scope.tsx";
import { Statements } from "./statements.tsx";
import { VerdictBanner } from "./verdict_banner.tsx";

/** What came of the program. */
export function ResultPane(): JSX.Element {
  const result = shown.value;
  return (
    <section
      class="pane result-pane"
      aria-label="Result"
      aria-busy={activity.value !== "idle"}
      data-runs={runs.value}
      data-result={result?.kind ?? "none"}
    >
      <Scope />
      {result === undefined ? <Waiting /> : <Body result={result} />}
    </section>
  );
}

function Waiting(): JSX.Element {
  const text = activity.value === "idle"
    ? "Nothing was run yet."
    : engine.value === "sqlite"
    ? "Opening SQLite .."
    : "Loading PostgreSQL, 15 MB ..";
  return <p class="waiting" role="status">{text}</p>;
}

function Body({ result }: { readonly result: Shown }): JSX.Element {
  switch (result.kind) {
    case "finished":
      return <Finished outcome={result.outcome} output={result.output} />;
    case "failed": {
      const { error } = result.failure;
      return (
        <Banner kind="failed" title="The program cannot be run">
          <code>{error.name}</code>: {error.message}
        </Banner>
      );
    }
    case "stopped":
      return (
        <Banner kind="failed" title={`Stopped after ${result.limit / 1_000} s`}>
          The program did not end: it loops, or it waits, as for a transaction that is left open.
          The database was started anew.
        </Banner>
      );
    case "unavailable":
      return <Banner kind="failed" title="The playground cannot run here">{result.reason}</Banner>;
  }
}

function Finished(
  { outcome: done, output }: { readonly outcome: RunOutcome; readonly output: readonly string[] },
): JSX.Element {
  return (
    <>
      <VerdictBanner outcome={done} />
      <Results outcome={done} />
      <Queries outcome={done} />
      {output.length > 0 && (
        <details open>
          <summary>Console</summary>
          <pre class="output" tabIndex={0}>{output.join("\n")}</pre>
        </details>
      )}
      <Statements outcome={done} />
      <p class="facts">
        {done.engine.name === "sqlite" ? "SQLite" : "PostgreSQL"} {done.engine.version}{" "}
        in this browser. Three runs in {Math.round(done.duration)}{" "}
        ms: with the plugins, without, and without on the rows that may be seen.
      </p>
    </>
  );
}

/** A box that says how a run ended. */
export function Banner(
  { kind, title, children }: {
    readonly kind: string;
    readonly title: string;
    readonly children: ComponentChildren;
  },
): JSX.Element {
  return (
    <div class={`banner banner-${kind}`} role="status" data-verdict={kind}>
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}
