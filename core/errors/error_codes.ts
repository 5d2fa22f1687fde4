/**
 * The codes that the errors of all packages carry, for programs. Each value equals its key. A code
 * that is deprecated is not thrown: it is there for programs that name it.
 *
 * @module
 */

/** What went wrong between the client and the database. */
export const DatabaseErrorCodes = {
  /** The connection was lost or not established, or a call was refused to protect the database. */
  DB_CONNECTION_FAILED: "DB_CONNECTION_FAILED",
  /** The database refused a statement for a reason that has no code of its own. */
  DB_QUERY_FAILED: "DB_QUERY_FAILED",
  /** The state of a transaction does not allow what was to be done, or its end is not known. */
  DB_TRANSACTION_FAILED: "DB_TRANSACTION_FAILED",
  /** The database has no interactive transactions. */
  DB_TRANSACTION_NOT_SUPPORTED: "DB_TRANSACTION_NOT_SUPPORTED",
  /** The database is older than the oldest version that is supported. */
  DB_UNSUPPORTED_VERSION: "DB_UNSUPPORTED_VERSION",
  /** A statement or a call took longer than it may. */
  DB_TIMEOUT: "DB_TIMEOUT",
  /** No connection was free in time. */
  DB_POOL_EXHAUSTED: "DB_POOL_EXHAUSTED",
  /** All connections are held, and nothing runs on them. */
  DB_CONNECTION_HELD: "DB_CONNECTION_HELD",
  /** Two transactions waited for each other; this one was ended. */
  DB_DEADLOCK: "DB_DEADLOCK",
  /** Concurrent transactions could not be put in an order. */
  DB_SERIALIZATION_FAILURE: "DB_SERIALIZATION_FAILURE",
  /** A lock was not granted in time. */
  DB_LOCK_TIMEOUT: "DB_LOCK_TIMEOUT",
  /** The statement is not valid: its syntax, or a table or column that does not exist. */
  DB_SYNTAX_ERROR: "DB_SYNTAX_ERROR",
  /** An error that none of the databases is known to throw. */
  DB_UNKNOWN: "DB_UNKNOWN",
} as const;

/** What is wrong with a value that was to be stored. */
export const ValidationErrorCodes = {
  /** It is taken. */
  VALIDATION_UNIQUE_VIOLATION: "VALIDATION_UNIQUE_VIOLATION",
  /** What it refers to does not exist, or is still referred to. */
  VALIDATION_FOREIGN_KEY_VIOLATION: "VALIDATION_FOREIGN_KEY_VIOLATION",
  /** It is missing. */
  VALIDATION_NOT_NULL_VIOLATION: "VALIDATION_NOT_NULL_VIOLATION",
  /** A check constraint does not hold. */
  VALIDATION_CHECK_VIOLATION: "VALIDATION_CHECK_VIOLATION",
  /** A schema refuses it, or it does not fit the type of its column. */
  VALIDATION_INVALID_INPUT: "VALIDATION_INVALID_INPUT",
  /** @deprecated Not thrown: a missing member is `VALIDATION_INVALID_INPUT`. */
  VALIDATION_REQUIRED_FIELD: "VALIDATION_REQUIRED_FIELD",
  /** @deprecated Not thrown: a wrong type is `VALIDATION_INVALID_INPUT`. */
  VALIDATION_INVALID_TYPE: "VALIDATION_INVALID_TYPE",
} as const;

/** What is wrong with the thing that a request is about. */
export const ResourceErrorCodes = {
  /** No row matches. */
  RESOURCE_NOT_FOUND: "RESOURCE_NOT_FOUND",
  /** @deprecated Not thrown: see `VALIDATION_UNIQUE_VIOLATION` and `RESOURCE_CONFLICT`. */
  RESOURCE_ALREADY_EXISTS: "RESOURCE_ALREADY_EXISTS",
  /** Another row, or another change of the same row, is in the way. */
  RESOURCE_CONFLICT: "RESOURCE_CONFLICT",
  /** An argument or an option is wrong. */
  RESOURCE_BAD_REQUEST: "RESOURCE_BAD_REQUEST",
} as const;

/** What went wrong in a migration. */
export const MigrationErrorCodes = {
  /** A migration could not be applied. */
  MIGRATION_UP_FAILED: "MIGRATION_UP_FAILED",
  /** A migration could not be undone. */
  MIGRATION_DOWN_FAILED: "MIGRATION_DOWN_FAILED",
  /** The code and the history do not fit each other. */
  MIGRATION_VALIDATION_FAILED: "MIGRATION_VALIDATION_FAILED",
  /** Another runner holds the lock, or took it. */
  MIGRATION_LOCK_FAILED: "MIGRATION_LOCK_FAILED",
  /** @deprecated Not thrown: see `RESOURCE_NOT_FOUND`. */
  MIGRATION_NOT_FOUND: "MIGRATION_NOT_FOUND",
  /** @deprecated Not thrown: see `RESOURCE_BAD_REQUEST`. */
  MIGRATION_DUPLICATE_NAME: "MIGRATION_DUPLICATE_NAME",
  /** @deprecated Not thrown: a migration that is applied already is skipped. */
  MIGRATION_ALREADY_EXECUTED: "MIGRATION_ALREADY_EXECUTED",
} as const;

/** What is wrong with a plugin, or with what one is given. */
export const PluginErrorCodes = {
  /** Its definition or its options are not valid. */
  PLUGIN_INVALID_PLUGIN: "PLUGIN_INVALID_PLUGIN",
  /** Two plugins have one name. */
  PLUGIN_DUPLICATE_NAME: "PLUGIN_DUPLICATE_NAME",
  /** It depends on a plugin that is not there. */
  PLUGIN_MISSING_DEPENDENCY: "PLUGIN_MISSING_DEPENDENCY",
  /** It cannot work with another plugin. */
  PLUGIN_CONFLICT: "PLUGIN_CONFLICT",
  /** Plugins depend on each other. */
  PLUGIN_CIRCULAR_DEPENDENCY: "PLUGIN_CIRCULAR_DEPENDENCY",
  /** It could not be started. */
  PLUGIN_INITIALIZATION_FAILED: "PLUGIN_INITIALIZATION_FAILED",
  /** One of its hooks threw, or returned what a hook may not return. */
  PLUGIN_HOOK: "PLUGIN_HOOK",
  /** A key that was given to a function of a plugin is not one of the table. */
  INVALID_KEY: "INVALID_KEY",
  /** A plugin's flag in the metadata of an executor has a value that it cannot have. */
  INVALID_FLAG: "INVALID_FLAG",
  /** @deprecated Not thrown: see `PLUGIN_INVALID_PLUGIN`. */
  PLUGIN_VALIDATION_FAILED: "PLUGIN_VALIDATION_FAILED",
  /** @deprecated Not thrown: see `PLUGIN_INITIALIZATION_FAILED`. */
  PLUGIN_INIT_FAILED: "PLUGIN_INIT_FAILED",
  /** @deprecated Not thrown: see `PLUGIN_MISSING_DEPENDENCY`. */
  PLUGIN_DEPENDENCY_MISSING: "PLUGIN_DEPENDENCY_MISSING",
  /** @deprecated Not thrown: see `PLUGIN_DUPLICATE_NAME`. */
  PLUGIN_DUPLICATE: "PLUGIN_DUPLICATE",
  /** @deprecated Not thrown: see `PLUGIN_MISSING_DEPENDENCY`. */
  PLUGIN_NOT_FOUND: "PLUGIN_NOT_FOUND",
} as const;

/** Why the execution layer refused a query. */
export const QueryErrorCodes = {
  /** REPLACE deletes rows that a plugin may hide. */
  QUERY_REPLACE: "QUERY_REPLACE",
  /** ON DUPLICATE KEY UPDATE changes rows that a plugin may hide. */
  QUERY_ON_DUPLICATE_KEY: "QUERY_ON_DUPLICATE_KEY",
  /** A plugin denies deletes. */
  QUERY_DELETE_DENIED: "QUERY_DELETE_DENIED",
  /** The delete cannot become the update that a plugin asks for. */
  QUERY_DELETE_NOT_REWRITABLE: "QUERY_DELETE_NOT_REWRITABLE",
  /** TRUNCATE deletes rows that a plugin may hide. */
  QUERY_TRUNCATE: "QUERY_TRUNCATE",
  /** A name may mean a table with plugins, or something else. */
  QUERY_AMBIGUOUS_NAME: "QUERY_AMBIGUOUS_NAME",
  /** A common table expression hides a table that a plugin's predicate reads. */
  QUERY_SHADOWED_TABLE: "QUERY_SHADOWED_TABLE",
  /** A plugin's predicate reads the table that it is for, without end. */
  QUERY_RECURSIVE_FILTER: "QUERY_RECURSIVE_FILTER",
  /** A column has a name that objects reserve, such as `__proto__`. */
  QUERY_RESERVED_COLUMN: "QUERY_RESERVED_COLUMN",
  /** A write sets a column that a plugin sets. */
  QUERY_STAMPED_COLUMN: "QUERY_STAMPED_COLUMN",
  /** A row that would be written does not satisfy a plugin's check. */
  QUERY_CHECK_VIOLATION: "QUERY_CHECK_VIOLATION",
  /** A plugin's check cannot be made in this statement. */
  QUERY_UNCHECKABLE: "QUERY_UNCHECKABLE",
  /** A plugin denies a column. */
  QUERY_COLUMN_DENIED: "QUERY_COLUMN_DENIED",
  /** A table holds copies of rows that policies may hide. */
  QUERY_COPIED_ROWS: "QUERY_COPIED_ROWS",
  /** A write would store what is shown in place of a masked column. */
  QUERY_MASKED_VALUE: "QUERY_MASKED_VALUE",
  /** The statement, or a clause of it, cannot be rewritten for the plugins. */
  QUERY_UNSUPPORTED: "QUERY_UNSUPPORTED",
} as const;

/** What went wrong in the execution layer, apart from plugins and refused queries. */
export const ExecutorErrorCodes = {
  /** Raw SQL where it is denied. */
  RAW_SQL: "RAW_SQL",
  /** A query or a subquery of another executor, or of another context. */
  FOREIGN_QUERY: "FOREIGN_QUERY",
  /** A query of a tenant names a table of another schema. */
  FOREIGN_SCHEMA: "FOREIGN_SCHEMA",
  /** A batch cannot be run as it is. */
  BATCH_NOT_POSSIBLE: "BATCH_NOT_POSSIBLE",
  /** A statement of a batch changed another number of rows than was expected. */
  BATCH_EXPECTATION: "BATCH_EXPECTATION",
  /** An executor that another copy of the package made. */
  TWO_COPIES: "TWO_COPIES",
  /** A query after the executor was destroyed. */
  EXECUTOR_DESTROYED: "EXECUTOR_DESTROYED",
  /** A bound context, or metadata, is not valid. */
  INVALID_CONTEXT: "INVALID_CONTEXT",
  /** What an executor was to be created from is not a Kysely instance. */
  INVALID_DATABASE: "INVALID_DATABASE",
  /** An option of an executor has a value that it cannot have. */
  INVALID_OPTION: "INVALID_OPTION",
  /** An executor has no such option. */
  UNKNOWN_OPTION: "UNKNOWN_OPTION",
  /** A function for executors was given something else. */
  NOT_AN_EXECUTOR: "NOT_AN_EXECUTOR",
  /** A function for transactions was given something else. */
  NOT_A_TRANSACTION: "NOT_A_TRANSACTION",
  /** A plugin used the scope of a query that has ended. */
  SCOPE_ENDED: "SCOPE_ENDED",
  /** A transaction can only be rolled back: a plugin failed after a write. */
  TRANSACTION_DOOMED: "TRANSACTION_DOOMED",
  /** The version of Kysely is not supported. */
  UNSUPPORTED_KYSELY: "UNSUPPORTED_KYSELY",
} as const;

/** What the soft delete plugin cannot do. */
export const SoftDeleteErrorCodes = {
  /** The executor has no soft delete plugin. */
  NO_SOFT_DELETE_PLUGIN: "NO_SOFT_DELETE_PLUGIN",
  /** Soft delete does not apply to the table. */
  NOT_A_SOFT_DELETED_TABLE: "NOT_A_SOFT_DELETED_TABLE",
  /** By the options no row of the table can be visible. */
  NO_ROW_IS_VISIBLE: "NO_ROW_IS_VISIBLE",
  /** The rows are deleted already. */
  ALREADY_DELETED: "ALREADY_DELETED",
  /** An option returned a value that does not mark a row as deleted. */
  INVALID_DELETED_VALUE: "INVALID_DELETED_VALUE",
  /** Rows that are not deleted belong to the rows, and the relation restricts their deletion. */
  RESTRICTED: "RESTRICTED",
  /** Some row of a tree may not be deleted or restored by the caller. */
  CASCADE_REFUSED: "CASCADE_REFUSED",
} as const;

/** What the timestamps plugin cannot do. */
export const TimestampsErrorCodes = {
  /** The executor has no timestamps plugin. */
  NO_TIMESTAMPS_PLUGIN: "NO_TIMESTAMPS_PLUGIN",
  /** The plugin does not apply to the table, or the table lacks the column. */
  NOT_A_TIMESTAMPED_TABLE: "NOT_A_TIMESTAMPED_TABLE",
  /** A value is not a time. */
  INVALID_TIMESTAMP: "INVALID_TIMESTAMP",
  /** A user is neither a text nor a number. */
  INVALID_USER: "INVALID_USER",
  /** No user is known, and one is required. */
  NO_USER: "NO_USER",
} as const;

/** What went wrong with the audit log. */
export const AuditErrorCodes = {
  /** There is no such entry. */
  AUDIT_LOG_NOT_FOUND: "AUDIT_LOG_NOT_FOUND",
  /** An entry cannot be undone as things are. */
  AUDIT_RESTORE_NOT_SUPPORTED: "AUDIT_RESTORE_NOT_SUPPORTED",
  /** An entry does not hold the values that are needed. */
  AUDIT_OLD_VALUES_MISSING: "AUDIT_OLD_VALUES_MISSING",
  /** The audit table, or its triggers, could not be created. */
  AUDIT_TABLE_CREATION_FAILED: "AUDIT_TABLE_CREATION_FAILED",
  /** The changes of a write cannot be told, so it did not run. */
  AUDIT_NOT_POSSIBLE: "AUDIT_NOT_POSSIBLE",
  /** Another transaction changed the rows of a write meanwhile. */
  AUDIT_CONFLICT: "AUDIT_CONFLICT",
  /** A statement would change the audit log itself. */
  AUDIT_APPEND_ONLY: "AUDIT_APPEND_ONLY",
  /** The audit table is missing. */
  AUDIT_TABLE_MISSING: "AUDIT_TABLE_MISSING",
  /** A table lacks the triggers that write its entries. */
  AUDIT_TRIGGERS_MISSING: "AUDIT_TRIGGERS_MISSING",
  /** Nobody is known who does the write, and one is required. */
  AUDIT_ACTOR_MISSING: "AUDIT_ACTOR_MISSING",
  /** An argument or an option is wrong. */
  AUDIT_INVALID_VALUE: "AUDIT_INVALID_VALUE",
  /** The executor has no audit plugin. */
  NO_AUDIT_PLUGIN: "NO_AUDIT_PLUGIN",
} as const;

/** What row-level security refuses. */
export const RLSErrorCodes = {
  /** No context is bound, and none is provided. */
  RLS_CONTEXT_MISSING: "RLS_CONTEXT_MISSING",
  /** A context lacks what a policy needs, or holds what it cannot hold. */
  RLS_CONTEXT_INVALID: "RLS_CONTEXT_INVALID",
  /** A policy refuses an operation. */
  RLS_POLICY_VIOLATION: "RLS_POLICY_VIOLATION",
  /** A policy could not be evaluated. */
  RLS_POLICY_EVALUATION_ERROR: "RLS_POLICY_EVALUATION_ERROR",
  /** A schema of policies, or an option of the plugin, is wrong. */
  RLS_SCHEMA_INVALID: "RLS_SCHEMA_INVALID",
} as const;

/** What the command line says of a failure that no other package has a code for. */
export const CliErrorCodes = {
  /** The command line or the configuration is wrong. */
  CLI_USAGE: "CLI_USAGE",
  /** It failed. */
  CLI_FAILED: "CLI_FAILED",
  /** It was not confirmed that data may be destroyed, or it cannot be done safely. */
  CLI_REFUSED: "CLI_REFUSED",
  /** It was interrupted. */
  CLI_INTERRUPTED: "CLI_INTERRUPTED",
} as const;

/** What tests make fail on purpose. */
export const TestingErrorCodes = {
  /** A driver call failed because a test injected a fault. */
  KYSERA_INJECTED_FAULT: "KYSERA_INJECTED_FAULT",
} as const;

/**
 * What is wrong with a configuration.
 *
 * @deprecated Not thrown by any package so far.
 */
export const ConfigErrorCodes = {
  CONFIG_NOT_FOUND: "CONFIG_NOT_FOUND",
  CONFIG_VALIDATION_FAILED: "CONFIG_VALIDATION_FAILED",
  CONFIG_PARSE_ERROR: "CONFIG_PARSE_ERROR",
  CONFIG_REQUIRED_MISSING: "CONFIG_REQUIRED_MISSING",
  CONFIG_INVALID_VALUE: "CONFIG_INVALID_VALUE",
} as const;

/**
 * What went wrong with a file.
 *
 * @deprecated Not thrown by any package so far.
 */
export const FileSystemErrorCodes = {
  FS_FILE_NOT_FOUND: "FS_FILE_NOT_FOUND",
  FS_PERMISSION_DENIED: "FS_PERMISSION_DENIED",
  FS_DIRECTORY_NOT_FOUND: "FS_DIRECTORY_NOT_FOUND",
  FS_FILE_EXISTS: "FS_FILE_EXISTS",
  FS_WRITE_FAILED: "FS_WRITE_FAILED",
  FS_READ_FAILED: "FS_READ_FAILED",
} as const;

/**
 * What went wrong on the network.
 *
 * @deprecated Not thrown by any package: a lost connection is `DB_CONNECTION_FAILED`.
 */
export const NetworkErrorCodes = {
  NETWORK_CONNECTION_REFUSED: "NETWORK_CONNECTION_REFUSED",
  NETWORK_TIMEOUT: "NETWORK_TIMEOUT",
  NETWORK_DNS_FAILED: "NETWORK_DNS_FAILED",
  NETWORK_SSL_ERROR: "NETWORK_SSL_ERROR",
} as const;

/** The codes by category. */
export interface ErrorCodeTables {
  /** See {@linkcode DatabaseErrorCodes}. */
  readonly DB: typeof DatabaseErrorCodes;
  /** See {@linkcode ValidationErrorCodes}. */
  readonly VALIDATION: typeof ValidationErrorCodes;
  /** See {@linkcode ResourceErrorCodes}. */
  readonly RESOURCE: typeof ResourceErrorCodes;
  /** See {@linkcode MigrationErrorCodes}. */
  readonly MIGRATION: typeof MigrationErrorCodes;
  /** See {@linkcode PluginErrorCodes}. */
  readonly PLUGIN: typeof PluginErrorCodes;
  /** See {@linkcode QueryErrorCodes}. */
  readonly QUERY: typeof QueryErrorCodes;
  /** See {@linkcode ExecutorErrorCodes}. */
  readonly EXECUTOR: typeof ExecutorErrorCodes;
  /** See {@linkcode SoftDeleteErrorCodes}. */
  readonly SOFT_DELETE: typeof SoftDeleteErrorCodes;
  /** See {@linkcode TimestampsErrorCodes}. */
  readonly TIMESTAMPS: typeof TimestampsErrorCodes;
  /** See {@linkcode AuditErrorCodes}. */
  readonly AUDIT: typeof AuditErrorCodes;
  /** See {@linkcode RLSErrorCodes}. */
  readonly RLS: typeof RLSErrorCodes;
  /** See {@linkcode TestingErrorCodes}. */
  readonly TESTING: typeof TestingErrorCodes;
  /** See {@linkcode CliErrorCodes}. */
  readonly CLI: typeof CliErrorCodes;
  /** See {@linkcode ConfigErrorCodes}. */
  readonly CONFIG: typeof ConfigErrorCodes;
  /** See {@linkcode FileSystemErrorCodes}. */
  readonly FS: typeof FileSystemErrorCodes;
  /** See {@linkcode NetworkErrorCodes}. */
  readonly NETWORK: typeof NetworkErrorCodes;
}

/** A category of codes. */
export type ErrorCategory = keyof ErrorCodeTables;

/** A code of any category. */
export type ErrorCode = {
  [Category in ErrorCategory]: keyof ErrorCodeTables[Category];
}[ErrorCategory];

/** The codes by category. */
export const errorCodeTables: ErrorCodeTables = {
  DB: DatabaseErrorCodes,
  VALIDATION: ValidationErrorCodes,
  RESOURCE: ResourceErrorCodes,
  MIGRATION: MigrationErrorCodes,
  PLUGIN: PluginErrorCodes,
  QUERY: QueryErrorCodes,
  EXECUTOR: ExecutorErrorCodes,
  SOFT_DELETE: SoftDeleteErrorCodes,
  TIMESTAMPS: TimestampsErrorCodes,
  AUDIT: AuditErrorCodes,
  RLS: RLSErrorCodes,
  TESTING: TestingErrorCodes,
  CLI: CliErrorCodes,
  CONFIG: ConfigErrorCodes,
  FS: FileSystemErrorCodes,
  NETWORK: NetworkErrorCodes,
};

/** Every code of every category. */
export const ErrorCodes: { readonly [Code in ErrorCode]: Code } = /* @__PURE__ */ allCodes();

/** A function, so that bundlers may leave the table out where nobody reads it. */
function allCodes(): { readonly [Code in ErrorCode]: Code } {
  return Object.assign({}, ...Object.values(errorCodeTables));
}
