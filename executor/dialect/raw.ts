/**
 * What raw SQL may say where `rawSql` is `"deny"`, on each dialect. It stands apart from the other traits
 * because only executors that deny raw SQL load it.
 *
 * @module
 */
import type { Dialect } from "@kysera/core";
import { MYSQL_READERS, POSTGRES_READERS, SQLITE_READERS } from "./_readers.ts";
import { MYSQL_SETTINGS, POSTGRES_SETTINGS, SQLITE_SETTINGS } from "./_settings.ts";
import type { RawTraits } from "./traits.ts";

/** What raw SQL may say on each dialect: one that core adds does not compile until it has its own. */
export const RAW_TRAITS: Readonly<Record<Dialect, RawTraits>> = {
  postgres: {
    statements: new Set([
      "listen",
      "notify",
      "release",
      "reset",
      "rollback",
      "savepoint",
      "select",
      "set",
      "show",
      "unlisten",
      "values",
      "with",
    ]),
    furtherStatements: new Set(),
    joins: new Set(["join"]),
    lateral: true,
    insertIsFunction: false,
    emptyTable: undefined,
    readers: POSTGRES_READERS,
    systemSchema: "pg_catalog",
    catalogFunctions: undefined,
    settingFunction: "set_config",
    sets: "one",
    settings: POSTGRES_SETTINGS,
  },
  mysql: {
    statements: new Set(["release", "rollback", "savepoint", "select", "set", "values", "with"]),
    furtherStatements: new Set(),
    joins: new Set(["join", "straight_join"]),
    lateral: false,
    insertIsFunction: true,
    emptyTable: "dual",
    readers: MYSQL_READERS,
    systemSchema: undefined,
    catalogFunctions: undefined,
    settingFunction: undefined,
    sets: "several",
    settings: MYSQL_SETTINGS,
  },
  sqlite: {
    statements: new Set(["pragma", "release", "rollback", "savepoint", "select", "values", "with"]),
    furtherStatements: new Set(),
    joins: new Set(["join"]),
    lateral: false,
    insertIsFunction: false,
    emptyTable: undefined,
    readers: SQLITE_READERS,
    systemSchema: undefined,
    // Kysely's introspector reads these.
    catalogFunctions: /^pragma_[a-z_]+$/,
    settingFunction: undefined,
    sets: "one",
    settings: SQLITE_SETTINGS,
  },
  mssql: {
    // Of the lock of Kysely's Migrator: other statements may go on with one more.
    statements: new Set(["exec"]),
    furtherStatements: new Set([
      "alter",
      "backup",
      "bulk",
      "create",
      "dbcc",
      "deallocate",
      "declare",
      "deny",
      "drop",
      "exec",
      "execute",
      "goto",
      "grant",
      "kill",
      "print",
      "raiserror",
      "readtext",
      "reconfigure",
      "restore",
      "revert",
      "revoke",
      "shutdown",
      "throw",
      "truncate",
      "updatetext",
      "use",
      "waitfor",
      "while",
      "writetext",
    ]),
    joins: new Set(["apply", "join"]),
    lateral: false,
    insertIsFunction: false,
    emptyTable: undefined,
    // They stand in FROM only, where functions must be known.
    readers: /^(?:openrowset|openquery|opendatasource|openxml)$/,
    systemSchema: undefined,
    catalogFunctions: undefined,
    settingFunction: undefined,
    sets: "one",
    settings: undefined,
  },
};
