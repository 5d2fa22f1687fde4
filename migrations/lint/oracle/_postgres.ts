import { CompiledQuery, type ControlledTransaction, type Kysely, sql } from "kysely";
import type { Evidence, LintedMigration, LintedStatement } from "../rules/_rule.ts";
import { type Observation, type Observations, placeOf } from "./_observations.ts";

/** Modes of locks that writes wait for. */
const BLOCKING: ReadonlySet<string> = new Set([
  "ShareLock",
  "ShareRowExclusiveLock",
  "ExclusiveLock",
  "AccessExclusiveLock",
]);
const POINT = "kysera_lint";

/**
 * Runs migrations in one transaction, which is rolled back, and looks after each statement which locks
 * it took on tables that were there before, and which tables have another file now. A statement
 * that cannot be in a transaction, or fails, is not tried; what comes behind may then fail as well.
 *
 * A scan that takes no longer lock than the rest of the statement, such as that of SET NOT NULL, cannot be
 * seen this way.
 */
export async function observePostgres(
  scratch: Kysely<any>,
  migrations: readonly LintedMigration[],
): Promise<Observations> {
  const observations = new Map<string, Observation>();
  const trx = await scratch.startTransaction().execute();
  try {
    const old = await filesOf(trx);
    for (const [migration, { statements }] of migrations.entries()) {
      for (const [statement, each] of statements.entries()) {
        if (each.changes.every(({ kind }) => kind === "transaction")) continue;
        const observation = await tryStatement(trx, each, old);
        if (observation === undefined) continue;
        observations.set(placeOf(migration, statement), observation);
      }
    }
  } finally {
    await trx.rollback().execute();
  }
  return observations;
}

/** The files of tables, by the numbers of these. */
type Files = ReadonlyMap<string, string>;

async function tryStatement(
  trx: ControlledTransaction<any>,
  { sql: text, parameters }: LintedStatement,
  old: Files,
): Promise<Observation | undefined> {
  const filesBefore = await filesOf(trx);
  const locksBefore = await locksOf(trx, old);
  await trx.savepoint(POINT).execute();
  try {
    await trx.executeQuery(CompiledQuery.raw(text, [...parameters]));
  } catch {
    await sql`rollback to savepoint ${sql.id(POINT)}`.execute(trx);
    return undefined;
  }
  await sql`release savepoint ${sql.id(POINT)}`.execute(trx);
  const files = await filesOf(trx);
  const locks = await locksOf(trx, old);
  const taken = [...locks].filter(([key]) => !locksBefore.has(key));
  const does = new Set<Evidence>();
  const seen = new Set<Evidence>(["rewrite"]);
  // Other sessions may write their tables anew meanwhile: only this one has this lock.
  const isRewritten = [...filesBefore].some(([table, file]) =>
    locks.has(keyOf(table, "AccessExclusiveLock")) && files.has(table) && files.get(table) !== file
  );
  if (isRewritten) does.add("rewrite");
  if (taken.length > 0) does.add("blocks-writes");
  // A lock that an earlier statement holds already would not be seen again.
  if (taken.length > 0 || locksBefore.size === 0) seen.add("blocks-writes");
  return {
    does,
    seen,
    words: taken.length > 0 ? `seen: ${taken.map(([, words]) => words).join(", ")}` : undefined,
  };
}

async function filesOf(db: Kysely<any>): Promise<Files> {
  const { rows } = await sql<{ table: string; file: string }>`
    select c.oid::text as table, pg_relation_filenode(c.oid)::text as file
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname not like 'pg_toast%'`.execute(db);
  return new Map(rows.map(({ table, file }) => [table, file]));
}

/** The locks that the session holds on tables, and that writes of others wait for, in words. */
async function locksOf(db: Kysely<any>, old: Files): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ table: string; name: string; mode: string }>`
    select relation::text as table, relation::regclass::text as name, mode from pg_locks
    where pid = pg_backend_pid() and granted and locktype = 'relation'
    order by 2, 3`.execute(db);
  return new Map(
    rows.filter(({ table, mode }) => old.has(table) && BLOCKING.has(mode))
      .map(({ table, name, mode }) => [keyOf(table, mode), `${mode} on ${name}`]),
  );
}

function keyOf(table: string, mode: string): string {
  return `${table} ${mode}`;
}
