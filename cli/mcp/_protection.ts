import { detectDialect } from "@kysera/core";
import {
  describeExecutor,
  getPluginHooks,
  getPlugins,
  getRawDb,
  isKyseraExecutor,
} from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import { refusal } from "../contract/_cli_error.ts";

/** A table, with its schema where the database has schemas. */
export interface QualifiedTable {
  readonly name: string;
  readonly schema: string | undefined;
}

/** What keeps an assistant from rows. */
export interface Protection {
  /** The plugins that hide rows or columns. */
  readonly hidingPlugins: readonly string[];
  /** Whether policies of PostgreSQL hold for the role of the connection. */
  readonly isNative: boolean;
  /** Whether every row can be read, as somebody has asked for. */
  readonly isUnguarded: boolean;
  /** Why no SQL text runs; absent where it does. */
  readonly noSql: string | undefined;
  /** Whether a plugin names a table or view, to guard it or to leave it alone. */
  isNamed(table: QualifiedTable): boolean;
  /** Whether a table keeps copies of rows of others, as the log of the audit plugin does. */
  holdsCopies(table: QualifiedTable): boolean;
  /** What the plugins do to each table, in words. */
  readonly effects: ReadonlyMap<string, readonly string[]>;
}

/**
 * Finds out what keeps an assistant from rows.
 *
 * @param unguarded whether nothing needs to
 * @throws {CliError} if nothing does
 */
export async function protectionOf(db: Kysely<any>, unguarded: boolean): Promise<Protection> {
  const hidingPlugins = getPlugins(db).map(({ name }) => name).filter((name) => hides(db, name));
  const isNative = await hasNativePolicies(db);
  const isUnguarded = hidingPlugins.length === 0 && !isNative;
  if (isUnguarded && !unguarded) {
    throw refusal(
      "Nothing keeps an assistant from any row: no plugin hides rows, and no policies do",
      {
        hint:
          "Create an executor in the configuration (`database: { kysely: () => createExecutor(..) }`), " +
          "log in to PostgreSQL as a role that its policies hold for, or add --unguarded.",
      },
    );
  }
  const effects = new Map<string, string[]>();
  const description = isKyseraExecutor(db) ? await describeExecutor(db) : undefined;
  for (const { name, tables } of description?.plugins ?? []) {
    for (const { table, effects: each } of tables) {
      effects.set(table, [...effects.get(table) ?? [], ...each.map((text) => `${name}: ${text}`)]);
    }
  }
  const named = hidingPlugins.flatMap((name) => getPluginHooks(db, name));
  const all = getPlugins(db).flatMap(({ name }) => getPluginHooks(db, name));
  return {
    hidingPlugins,
    isNative,
    isUnguarded,
    effects,
    noSql: hidingPlugins.length > 0
      ? `${hidingPlugins.join(", ")} cannot see what a text of SQL reads`
      : description?.rawSql === "deny"
      ? "the executor refuses raw SQL"
      : undefined,
    holdsCopies: (table) => all.some((hooks) => hooks.copies?.(table, {}) !== undefined),
    isNamed: (table) =>
      named.some((hooks) =>
        hooks.governs?.(table) === true ||
        (hooks.filter !== undefined && hooks.appliesTo?.(table) === true)
      ),
  };
}

/** Whether a plugin decides which rows and columns are seen. */
function hides(db: Kysely<any>, plugin: string): boolean {
  return getPluginHooks(db, plugin).some((hooks) =>
    hooks.filter !== undefined || hooks.mask !== undefined || hooks.rawSql === "deny"
  ) || getPlugins(db).some(({ name, interceptQuery }) =>
    name === plugin && interceptQuery !== undefined
  );
}

async function hasNativePolicies(db: Kysely<any>): Promise<boolean> {
  if (detectDialect(db) !== "postgres") return false;
  const { rows } = await sql<{ holds: boolean }>`
    select not r.rolsuper and not r.rolbypassrls and exists (
      select from pg_class c where c.relrowsecurity and row_security_active(c.oid)
    ) as holds
    from pg_roles r where r.rolname = current_user`.execute(getRawDb(db).withoutPlugins());
  return rows[0]?.holds === true;
}
