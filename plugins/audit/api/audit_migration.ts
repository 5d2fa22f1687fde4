import { assertKnownOptions } from "@kysera/core";
import type { Kysely } from "kysely";
import { AuditError } from "../contract/errors.ts";
import { createAuditTable, dropAuditTable } from "../log/audit_table.ts";
import {
  type AuditTriggerOptions,
  createAuditTriggers,
  dropAuditTriggers,
} from "../triggers/audit_triggers.ts";

/** Options of {@linkcode auditMigration}. */
export interface AuditMigrationOptions {
  /** The name of the migration in a list. Default `"audit_logs"`. */
  readonly name?: string | undefined;
  /** The table, `"schema.table"` as well, as of the plugin. Default `"audit_logs"`. */
  readonly auditTable?: string | undefined;
  /** Whether there is a table that says where the chain of hashes ends. Default `false`. */
  readonly hashChain?: boolean | undefined;
  /** The triggers that are created with the table. Default: none. */
  readonly triggers?: Omit<AuditTriggerOptions, "auditTable"> | undefined;
}

/**
 * A migration as Kysely's Migrator and `@kysera/migrations` take it. In an object of migrations its key
 * is its name, and `name` is not looked at.
 */
export interface AuditMigration {
  /** Its name in a list. */
  readonly name: string;
  /** Creates the tables, and the triggers. */
  up(db: Kysely<any>): Promise<void>;
  /** Drops the triggers, and the tables with all entries. */
  down(db: Kysely<any>): Promise<void>;
  /** A text that changes with the options. */
  readonly source: string;
}

const OPTIONS: readonly (keyof AuditMigrationOptions)[] = [
  "name",
  "auditTable",
  "hashChain",
  "triggers",
];

/**
 * Creates a migration that creates the audit table, so that the plugin can be given
 * `createTable: false`. A table that is there already, such as one that the plugin has created, is left
 * as it is.
 *
 * @param options the table, and the triggers
 * @returns the migration
 * @throws {AuditError} if an option does not exist
 *
 * @example
 * ```ts
 * import { auditMigration, auditPlugin } from "@kysera/audit";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * // With a runner: defineMigrations({ "002_audit": auditMigration() })
 * await auditMigration().up(db);
 * await createExecutor(db, [auditPlugin({ createTable: false })]);
 * await db.destroy();
 * ```
 */
export function auditMigration(options: AuditMigrationOptions = {}): AuditMigration {
  assertKnownOptions(options, OPTIONS, {
    action: "create an audit migration",
    makeError: (message) => new AuditError(message, "AUDIT_INVALID_VALUE"),
  });
  const { name = "audit_logs", auditTable, hashChain, triggers } = options;
  const table = { auditTable, hashChain, ifNotExists: true };
  return {
    name,
    async up(db) {
      await createAuditTable(db, table);
      if (triggers !== undefined) await createAuditTriggers(db, { ...triggers, auditTable });
    },
    async down(db) {
      if (triggers !== undefined) await dropAuditTriggers(db, { ...triggers, auditTable });
      await dropAuditTable(db, { auditTable, ifNotExists: true });
    },
    source: `auditMigration(${JSON.stringify({ auditTable, hashChain, triggers })})`,
  };
}
