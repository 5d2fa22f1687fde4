import { diffArrays } from "diff";
import { type Token, tokensOf } from "./tokens.ts";

/** A token, and the plugin that is the cause of it. */
export interface AttributedToken extends Token {
  /** The plugin that added it, or, of the SQL as written, that took it away. */
  readonly plugin: string | undefined;
}

/** The SQL of one query after a plugin. */
export interface Step {
  /** The plugin; `undefined` for the SQL as written. */
  readonly plugin: string | undefined;
  readonly sql: string;
}

/** The SQL before the first step and after the last one, with the cause of each difference. */
export interface AttributedSql {
  readonly before: readonly AttributedToken[];
  readonly after: readonly AttributedToken[];
}

/** A token of the step that was reached, and where it came from. */
interface Traced extends AttributedToken {
  /** Its place in the SQL as written; `undefined` for what a plugin added. */
  readonly origin: number | undefined;
}

/**
 * Finds out which plugin is the cause of which difference between two statements: each step is the
 * SQL with one more plugin.
 *
 * @param steps the SQL as written, then the SQL after each plugin, in the order they run in
 * @returns the tokens of the first and of the last step
 */
export function attribute(steps: readonly [Step, ...Step[]]): AttributedSql {
  const [first, ...rest] = steps;
  const before = tokensOf(first.sql).map((token): AttributedToken => ({
    ...token,
    plugin: undefined,
  }));
  const removed = new Map<number, string | undefined>();
  let reached = before.map((token, origin): Traced => ({ ...token, origin }));
  for (const { plugin, sql } of rest) {
    const next = tokensOf(sql);
    const traced: Traced[] = [];
    let from = 0;
    for (const part of diffArrays(reached.map(keyOf), next.map(keyOf))) {
      for (let i = 0; i < part.count; i++) {
        if (part.added) {
          traced.push({ ...next[traced.length]!, plugin, origin: undefined });
          continue;
        }
        const { origin, plugin: cause } = reached[from++]!;
        if (part.removed) {
          if (origin !== undefined) removed.set(origin, plugin);
        } else traced.push({ ...next[traced.length]!, plugin: cause, origin });
      }
    }
    reached = traced;
  }
  return {
    before: before.map((token, i) => ({ ...token, plugin: removed.get(i) })),
    after: reached.map(({ origin: _, ...token }) => token),
  };
}

/** PostgreSQL numbers parameters: one that was added before others changes none of them. */
function keyOf({ text, kind }: Token): string {
  return kind === "parameter" ? "?" : text;
}
