/**
 * What all packages share: errors that are the same for every database and driver, pagination,
 * loggers, and types.
 *
 * @example
 * ```ts
 * import { parseDatabaseError, UniqueConstraintError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * // What `mysql2` throws
 * const thrown = Object.assign(new Error("Duplicate entry 'x' for key 'users.users_email_key'"), {
 *   code: "ER_DUP_ENTRY",
 *   errno: 1062,
 *   sqlState: "23000",
 * });
 *
 * const error = parseDatabaseError(thrown, "mysql");
 * assert.ok(error instanceof UniqueConstraintError);
 * assert.equal(error.constraint, "users_email_key");
 * assert.equal(error.retryable, false);
 * ```
 *
 * @module
 */
export * from "./abortable.ts";
export * from "./assert_known_options.ts";
export * from "./atomic_batch.ts";
export * from "./dialect.ts";
export * from "./errors/bad_request_error.ts";
export * from "./errors/check_constraint_error.ts";
export * from "./errors/connection_error.ts";
export * from "./errors/connection_held_error.ts";
export * from "./errors/database_error.ts";
export * from "./errors/deadlock_error.ts";
export * from "./errors/error_codes.ts";
export * from "./errors/error_page.ts";
export * from "./errors/find_database_error_async.ts";
export * from "./errors/foreign_key_constraint_error.ts";
export * from "./errors/get_error_category.ts";
export * from "./errors/is_valid_error_code.ts";
export * from "./errors/lock_timeout_error.ts";
export * from "./errors/name_table.ts";
export * from "./errors/not_found_error.ts";
export * from "./errors/not_null_error.ts";
export * from "./errors/parse_database_error.ts";
export * from "./errors/serialization_error.ts";
export * from "./errors/sql_syntax_error.ts";
export * from "./errors/statement_timeout_error.ts";
export * from "./errors/to_problem_details.ts";
export * from "./errors/transaction_not_supported_error.ts";
export * from "./errors/unique_constraint_error.ts";
export * from "./errors/unsupported_database_error.ts";
export * from "./is_kysely.ts";
export * from "./is_plain_object.ts";
export * from "./is_promise.ts";
export * from "./logger/console_logger.ts";
export * from "./logger/create_level_logger.ts";
export * from "./logger/create_prefixed_logger.ts";
export * from "./logger/kysera_logger.ts";
export * from "./logger/silent_logger.ts";
export * from "./interactive_transactions.ts";
export * from "./list_parameter.ts";
export * from "./max_parameters.ts";
export * from "./near_names.ts";
export * from "./pagination/apply_date_range.ts";
export * from "./pagination/apply_offset.ts";
export * from "./pagination/cursor_plan.ts";
export * from "./pagination/cursor_security.ts";
export * from "./pagination/execute_count.ts";
export * from "./pagination/execute_grouped_count.ts";
export * from "./pagination/paginate.ts";
export * from "./pagination/paginate_cursor.ts";
export * from "./pagination/paginate_cursor_simple.ts";
export * from "./pagination/paginated_result.ts";
export * from "./types.ts";
export * from "./with_query_executor.ts";
export * from "./former_names.ts";
