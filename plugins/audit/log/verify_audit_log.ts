import { assertKnownOptions } from "@kysera/core";
import { type AnyKysely, kyselyOf } from "@kysera/executor";
import { getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import { AuditError } from "../contract/errors.ts";
import { chainTableOf, hashOf } from "../strategies/common/_chain.ts";
import { auditTableOf } from "../strategies/common/_log.ts";
import { mustHavePlugin } from "./_reader.ts";

/** What is wrong with an entry, or with the end of the log. */
export interface AuditLogProblem {
  /** The entry; `null` where the end of the log is missing. */
  readonly id: number | bigint | null;
  /**
   * - `"edited"`: the entry is not what its hash says, or another one before it was removed, added or
   *   moved.
   * - `"unchained"`: it has no hash: a trigger wrote it, or somebody by hand.
   * - `"truncated"`: entries at the end are gone.
   * - `"forked"`: the end is another one than the chain's table says.
   */
  readonly problem: "edited" | "unchained" | "truncated" | "forked";
}

/** What {@linkcode verifyAuditLog} found. */
export interface AuditLogVerdict {
  /** Whether nothing is wrong. */
  readonly valid: boolean;
  /** How many entries with a hash were looked at. */
  readonly entries: number;
  /** The hash of the last one: to be kept elsewhere, and given as `expected` the next time. */
  readonly hash: string;
  /** What is wrong, in the order of the log; no more than a hundred. */
  readonly problems: readonly AuditLogProblem[];
}

/** Options of {@linkcode verifyAuditLog}. */
export interface VerifyOptions {
  /** What an earlier call told, kept where whoever edits the log cannot: the log must go on from it. */
  readonly expected?: Pick<AuditLogVerdict, "entries" | "hash"> | undefined;
}

const MOST_ROWS = 1_000;
const MOST_PROBLEMS = 100;

/**
 * Looks whether the log is what was written: each entry with a hash must be the one that comes after
 * the one before. It finds entries that were edited, removed, added or put in another order. Entries
 * removed at the end are found as long as the table that says where the chain ends was not set back
 * with them; against that, keep the verdict elsewhere and give it as `expected`. Without a secret,
 * whoever may write to the tables can also make a chain that holds.
 *
 * The log is read past the plugins, a thousand entries at a time.
 *
 * @param executor an executor with the plugin and its option `hashChain`; a transaction of it, for a
 * log that is written to meanwhile
 * @param options see {@linkcode VerifyOptions}
 * @returns what was found
 * @throws {AuditError} where the plugin keeps no chain
 *
 * @example
 * ```ts
 * import { auditPlugin, verifyAuditLog } from "@kysera/audit";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const executor = await createExecutor(db, [
 *   auditPlugin({ hashChain: "a secret of your own" }),
 * ]);
 * await executor.insertInto("users").values([{ id: 1, name: "Ada" }, { id: 2, name: "Bob" }])
 *   .execute();
 * assert.equal((await verifyAuditLog(executor)).valid, true);
 *
 * database.exec("update audit_logs set new_values = '{}' where id = 2");
 * const { problems } = await verifyAuditLog(executor);
 * assert.deepEqual(problems, [{ id: 2, problem: "edited" }]);
 * await db.destroy();
 * ```
 */
export function verifyAuditLog<DB>(
  executor: AnyKysely<DB>,
  options: VerifyOptions = {},
): Promise<AuditLogVerdict> {
  return verify(kyselyOf(executor), options);
}

async function verify(
  executor: Kysely<any>,
  options: VerifyOptions,
): Promise<AuditLogVerdict> {
  assertKnownOptions(options, ["expected"], {
    action: "verify the audit log",
    makeError: (message) => new AuditError(message, "AUDIT_INVALID_VALUE"),
  });
  const { expected } = options;
  const { settings, tables: { auditTable } } = mustHavePlugin(executor, "verify the audit log");
  if (settings.mode === "trigger") {
    throw new AuditError(
      "Cannot verify the audit log: triggers write it, and they keep no chain; a chain is kept by " +
        'the plugin without "mode: "trigger""',
      "AUDIT_INVALID_VALUE",
    );
  }
  if (settings.hashChain === undefined) {
    throw new AuditError(
      'Cannot verify the audit log: the plugin keeps no chain; give it the option "hashChain"',
      "AUDIT_INVALID_VALUE",
    );
  }
  const db: Kysely<any> = getRawDb<any>(executor).withoutPlugins();
  const problems: AuditLogProblem[] = [];
  const tell = (id: AuditLogProblem["id"], problem: AuditLogProblem["problem"]): void => {
    if (problems.length < MOST_PROBLEMS) problems.push({ id, problem });
  };
  // The end first: entries that come to it meanwhile are then no problem.
  const { rows: [end] } = await sql<{ entries: unknown; hash: string }>`
    select entries, hash from ${chainTableOf({ auditTable })} where id = 1`.execute(db);
  const last = end === undefined ? undefined : Number(end.entries);
  let [entries, hash, after] = [0, "", "0"];
  let [meets, ends] = [expected === undefined || expected.entries === 0, last === 0];
  for (;;) {
    const { rows } = await sql<Readonly<Record<string, string | number | bigint | null>>>`
      select id, table_name, entity_id, operation, old_values, new_values, changed_by, changed_at,
        metadata, request_id, hash
      from ${auditTableOf({ auditTable })} where id > ${after} order by id limit ${MOST_ROWS}
    `.execute(db);
    for (const row of rows) {
      after = String(row["id"]);
      const id = Number.isSafeInteger(Number(after)) ? Number(after) : BigInt(after);
      if (row["hash"] === null) {
        tell(id, "unchained");
        continue;
      }
      const due = await hashOf(settings.hashChain, hash, COLUMNS.map((name) => textOf(row[name]!)));
      hash = String(row["hash"]);
      if (due !== hash) tell(id, "edited");
      entries++;
      if (expected?.entries === entries) meets = expected.hash === hash;
      if (last === entries) ends = end!.hash === hash;
      if (expected?.entries === entries && !meets) tell(id, "forked");
    }
    if (rows.length < MOST_ROWS) break;
  }
  if (last === undefined || entries < last) tell(null, "truncated");
  else if (!ends) tell(null, "forked");
  if (expected !== undefined && entries < expected.entries) tell(null, "truncated");
  return { valid: problems.length === 0, entries, hash, problems };
}

/** In the order that the hash takes them. */
const COLUMNS: readonly string[] = [
  "table_name",
  "entity_id",
  "operation",
  "old_values",
  "new_values",
  "changed_by",
  "changed_at",
  "metadata",
  "request_id",
];

function textOf(value: string | number | bigint | null): string | null {
  return value === null ? null : String(value);
}
