/**
 * The machine-readable codes that the errors of all packages carry. Each value equals its key.
 *
 * @module
 */

/** What went wrong between the client and the database. */
export const DatabaseErrorCodes = {
  DB_CONNECTION_FAILED: "DB_CONNECTION_FAILED",
  DB_QUERY_FAILED: "DB_QUERY_FAILED",
  DB_TRANSACTION_FAILED: "DB_TRANSACTION_FAILED",
  DB_TIMEOUT: "DB_TIMEOUT",
  DB_POOL_EXHAUSTED: "DB_POOL_EXHAUSTED",
  DB_DEADLOCK: "DB_DEADLOCK",
  DB_SERIALIZATION_FAILURE: "DB_SERIALIZATION_FAILURE",
  DB_LOCK_TIMEOUT: "DB_LOCK_TIMEOUT",
  DB_SYNTAX_ERROR: "DB_SYNTAX_ERROR",
  DB_UNKNOWN: "DB_UNKNOWN",
} as const;

/** What is wrong with a value that was to be stored. */
export const ValidationErrorCodes = {
  VALIDATION_UNIQUE_VIOLATION: "VALIDATION_UNIQUE_VIOLATION",
  VALIDATION_FOREIGN_KEY_VIOLATION: "VALIDATION_FOREIGN_KEY_VIOLATION",
  VALIDATION_NOT_NULL_VIOLATION: "VALIDATION_NOT_NULL_VIOLATION",
  VALIDATION_CHECK_VIOLATION: "VALIDATION_CHECK_VIOLATION",
  VALIDATION_INVALID_INPUT: "VALIDATION_INVALID_INPUT",
  VALIDATION_REQUIRED_FIELD: "VALIDATION_REQUIRED_FIELD",
  VALIDATION_INVALID_TYPE: "VALIDATION_INVALID_TYPE",
} as const;

/** What is wrong with the thing that a request is about. */
export const ResourceErrorCodes = {
  RESOURCE_NOT_FOUND: "RESOURCE_NOT_FOUND",
  RESOURCE_ALREADY_EXISTS: "RESOURCE_ALREADY_EXISTS",
  RESOURCE_CONFLICT: "RESOURCE_CONFLICT",
  RESOURCE_BAD_REQUEST: "RESOURCE_BAD_REQUEST",
} as const;

/** What went wrong in a migration. */
export const MigrationErrorCodes = {
  MIGRATION_UP_FAILED: "MIGRATION_UP_FAILED",
  MIGRATION_DOWN_FAILED: "MIGRATION_DOWN_FAILED",
  MIGRATION_VALIDATION_FAILED: "MIGRATION_VALIDATION_FAILED",
  MIGRATION_NOT_FOUND: "MIGRATION_NOT_FOUND",
  MIGRATION_DUPLICATE_NAME: "MIGRATION_DUPLICATE_NAME",
  MIGRATION_LOCK_FAILED: "MIGRATION_LOCK_FAILED",
  MIGRATION_ALREADY_EXECUTED: "MIGRATION_ALREADY_EXECUTED",
} as const;

/** What is wrong with a plugin. */
export const PluginErrorCodes = {
  PLUGIN_VALIDATION_FAILED: "PLUGIN_VALIDATION_FAILED",
  PLUGIN_INIT_FAILED: "PLUGIN_INIT_FAILED",
  PLUGIN_CONFLICT: "PLUGIN_CONFLICT",
  PLUGIN_DEPENDENCY_MISSING: "PLUGIN_DEPENDENCY_MISSING",
  PLUGIN_DUPLICATE: "PLUGIN_DUPLICATE",
  PLUGIN_NOT_FOUND: "PLUGIN_NOT_FOUND",
} as const;

/** What went wrong with the audit log. */
export const AuditErrorCodes = {
  AUDIT_LOG_NOT_FOUND: "AUDIT_LOG_NOT_FOUND",
  AUDIT_RESTORE_NOT_SUPPORTED: "AUDIT_RESTORE_NOT_SUPPORTED",
  AUDIT_OLD_VALUES_MISSING: "AUDIT_OLD_VALUES_MISSING",
  AUDIT_TABLE_CREATION_FAILED: "AUDIT_TABLE_CREATION_FAILED",
} as const;

/** What is wrong with a configuration. */
export const ConfigErrorCodes = {
  CONFIG_NOT_FOUND: "CONFIG_NOT_FOUND",
  CONFIG_VALIDATION_FAILED: "CONFIG_VALIDATION_FAILED",
  CONFIG_PARSE_ERROR: "CONFIG_PARSE_ERROR",
  CONFIG_REQUIRED_MISSING: "CONFIG_REQUIRED_MISSING",
  CONFIG_INVALID_VALUE: "CONFIG_INVALID_VALUE",
} as const;

/** What went wrong with a file. */
export const FileSystemErrorCodes = {
  FS_FILE_NOT_FOUND: "FS_FILE_NOT_FOUND",
  FS_PERMISSION_DENIED: "FS_PERMISSION_DENIED",
  FS_DIRECTORY_NOT_FOUND: "FS_DIRECTORY_NOT_FOUND",
  FS_FILE_EXISTS: "FS_FILE_EXISTS",
  FS_WRITE_FAILED: "FS_WRITE_FAILED",
  FS_READ_FAILED: "FS_READ_FAILED",
} as const;

/** What went wrong on the network. */
export const NetworkErrorCodes = {
  NETWORK_CONNECTION_REFUSED: "NETWORK_CONNECTION_REFUSED",
  NETWORK_TIMEOUT: "NETWORK_TIMEOUT",
  NETWORK_DNS_FAILED: "NETWORK_DNS_FAILED",
  NETWORK_SSL_ERROR: "NETWORK_SSL_ERROR",
} as const;

/** Every code of every category. */
export const ErrorCodes: { readonly [Code in ErrorCode]: Code } = {
  ...DatabaseErrorCodes,
  ...ValidationErrorCodes,
  ...ResourceErrorCodes,
  ...MigrationErrorCodes,
  ...PluginErrorCodes,
  ...AuditErrorCodes,
  ...ConfigErrorCodes,
  ...FileSystemErrorCodes,
  ...NetworkErrorCodes,
};

/** A code of any category. */
export type ErrorCode =
  | keyof typeof DatabaseErrorCodes
  | keyof typeof ValidationErrorCodes
  | keyof typeof ResourceErrorCodes
  | keyof typeof MigrationErrorCodes
  | keyof typeof PluginErrorCodes
  | keyof typeof AuditErrorCodes
  | keyof typeof ConfigErrorCodes
  | keyof typeof FileSystemErrorCodes
  | keyof typeof NetworkErrorCodes;
