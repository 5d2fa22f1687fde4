/**
 * The errors of the execution layer.
 *
 * @module
 */

import { errorPage } from "@kysera/core";

/** What a refusal was about; stable, for programs. */
export type QueryRefusalReason =
  | "REPLACE"
  | "ON_DUPLICATE_KEY"
  | "DELETE_DENIED"
  | "DELETE_NOT_REWRITABLE"
  | "TRUNCATE"
  | "AMBIGUOUS_NAME"
  | "SHADOWED_TABLE"
  | "RECURSIVE_FILTER"
  | "RESERVED_COLUMN"
  | "STAMPED_COLUMN"
  | "CHECK_VIOLATION"
  | "UNCHECKABLE"
  | "COLUMN_DENIED"
  | "COPIED_ROWS"
  | "MASKED_VALUE"
  | "UNSUPPORTED";

/** What is wrong with a list of plugins. */
export type PluginValidationErrorType =
  | "INVALID_PLUGIN"
  | "DUPLICATE_NAME"
  | "MISSING_DEPENDENCY"
  | "CONFLICT"
  | "CIRCULAR_DEPENDENCY"
  | "INITIALIZATION_FAILED";

/** The facts behind a {@linkcode PluginValidationError}. */
export interface PluginValidationDetails {
  /** The plugin at fault. */
  readonly pluginName?: string | undefined;
  /** The dependency that is missing. */
  readonly missingDependency?: string | undefined;
  /** The plugin it conflicts with. */
  readonly conflictingPlugin?: string | undefined;
  /** The names along a circle of dependencies, the first one again at the end. */
  readonly cycle?: readonly string[] | undefined;
}

/** The base of every error of this package; `code` is stable. */
export class ExecutorError extends Error {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "ExecutorError";
  }

  /** A stable code, for programs. */
  readonly code: string;
  /** The address of the page that explains the code; runtimes print it with the error. */
  readonly docs: string;

  /**
   * @param message what failed, and what to do
   * @param code the stable code
   * @param options the cause, if there is one
   */
  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.docs = errorPage(code);
  }

  /**
   * The error as plain data that can be logged or sent: its fields, without the cause, which may
   * hold values.
   *
   * @returns name, message, code, and the fields of the class
   */
  toJSON(): Record<string, unknown> {
    const fields = Object.fromEntries(Object.entries(this));
    return { name: this.name, message: this.message, ...fields };
  }
}

/** A list of plugins that cannot work together, or one of them that cannot start. */
export class PluginValidationError extends ExecutorError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "PluginValidationError";
  }

  /** What is wrong. */
  readonly type: PluginValidationErrorType;
  /** Who is at fault. */
  readonly details: PluginValidationDetails;

  /**
   * @param message what is wrong, and what to do
   * @param type what is wrong, for programs
   * @param details who is at fault
   * @param options the cause, if there is one
   */
  constructor(
    message: string,
    type: PluginValidationErrorType,
    details: PluginValidationDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, `PLUGIN_${type}`, options);
    this.type = type;
    this.details = details;
  }
}

/** A plugin's hook threw, or answered with something that it may not answer. */
export class PluginHookError extends ExecutorError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "PluginHookError";
  }

  /** The plugin. */
  readonly plugin: string;
  /** The hook's name. */
  readonly hook: string;

  /**
   * @param plugin the plugin's name
   * @param hook the hook's name
   * @param problem what went wrong
   * @param options the cause, if there is one
   */
  constructor(plugin: string, hook: string, problem: string, options?: ErrorOptions) {
    super(`Cannot apply hook "${hook}" of plugin "${plugin}": ${problem}`, "PLUGIN_HOOK", options);
    this.plugin = plugin;
    this.hook = hook;
  }
}

/** A query that plugins cannot be enforced on on this dialect, and so does not run. */
export class QueryRefusedError extends ExecutorError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "QueryRefusedError";
  }

  /** Why, for programs. */
  readonly reason: QueryRefusalReason;
  /** The table the refusal is about. */
  readonly table: string | undefined;

  /**
   * @param message what was refused, and what to do instead
   * @param reason why, for programs
   * @param table the table the refusal is about
   * @param options the cause, if there is one
   */
  constructor(message: string, reason: QueryRefusalReason, table?: string, options?: ErrorOptions) {
    super(message, `QUERY_${reason}`, options);
    this.reason = reason;
    this.table = table;
  }
}

/** A row that a statement would write does not satisfy, or may not satisfy, a plugin's check. */
export class CheckRefusedError extends QueryRefusedError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "CheckRefusedError";
  }

  /** The plugin whose check it is. */
  readonly plugin: string;

  /**
   * @param table the table that is written
   * @param plugin the plugin whose check it is
   * @param rule the rule, in words
   * @param problem what is wrong
   * @param options the cause, if there is one
   */
  constructor(
    table: string,
    plugin: string,
    rule: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(
      `Cannot write to table "${table}": plugin "${plugin}" asks that ${rule}, and ${problem}`,
      "CHECK_VIOLATION",
      table,
      options,
    );
    this.plugin = plugin;
  }
}

/**
 * A table in which a plugin keeps copies of rows, beside a plugin with policies that does not name
 * the table: what the policies hide of the rows could be read in their copies.
 */
export class CopiedRowsError extends QueryRefusedError {
  static {
    this.prototype.name = "CopiedRowsError";
  }

  /** The plugin that keeps the copies. */
  readonly plugin: string;

  /**
   * Creates the error.
   *
   * @param table the table
   * @param plugin the plugin that keeps the copies
   * @param governor the plugin with policies
   */
  constructor(table: string, plugin: string, governor: string) {
    super(
      `Cannot use table "${table}": plugin "${plugin}" keeps copies of rows there, and plugin ` +
        `"${governor}" has no policies for them; read it with the functions of "${plugin}", give ` +
        `the table policies of its own, name it in the option "skipTables", or use getRawDb(executor)`,
      "COPIED_ROWS",
      table,
    );
    this.plugin = plugin;
  }
}

/** Raw SQL where the executor was made with `rawSql: "deny"`. */
export class RawSqlError extends ExecutorError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "RawSqlError";
  }

  /**
   * @param problem what was found, and what to do instead
   */
  constructor(problem: string) {
    super(
      `Cannot run raw SQL through this executor: ${problem}; write it with the query builder, ` +
        `or run it on getRawDb(executor), where no plugin applies`,
      "RAW_SQL",
    );
  }
}

/** A query that was compiled, or a subquery that was built, by another instance. */
export class ForeignQueryError extends ExecutorError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "ForeignQueryError";
  }

  /**
   * @param problem what was found, and what to do instead
   */
  constructor(problem: string) {
    super(`Cannot run a query of another instance: ${problem}`, "FOREIGN_QUERY");
  }
}

/** A batch that cannot be run as it is; nothing of it was done. */
export class BatchError extends ExecutorError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "BatchError";
  }

  /**
   * Creates the error.
   *
   * @param problem what was found, and what to do instead
   */
  constructor(problem: string) {
    super(`Cannot run the batch: ${problem}`, "BATCH_NOT_POSSIBLE");
  }
}

/** A statement of a batch changed another number of rows than was expected; nothing was done. */
export class BatchExpectationError extends ExecutorError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "BatchExpectationError";
  }

  /** The key of the statement, as the callback of the batch returned it. */
  readonly key: string;
  /** How many rows it was to change, or to return. */
  readonly expected: number;

  /**
   * Creates the error.
   *
   * @param key the key of the statement
   * @param expected how many rows it was to change, or to return
   * @param options the cause
   */
  constructor(key: string, expected: number, options?: ErrorOptions) {
    super(
      `Cannot run the batch: "${key}" did not change or return ${expected} row${
        expected === 1 ? "" : "s"
      }, ` +
        "as was expected of it; nothing of the batch was done",
      "BATCH_EXPECTATION",
      options,
    );
    this.key = key;
    this.expected = expected;
  }
}

/** A query after `destroyExecutor`. */
export class ExecutorDestroyedError extends ExecutorError {
  static {
    // A literal, because minifiers rename classes.
    this.prototype.name = "ExecutorDestroyedError";
  }

  /** Says that the executor is gone. */
  constructor() {
    super(
      "Cannot run a query: the executor was destroyed; make a new one with createExecutor()",
      "EXECUTOR_DESTROYED",
    );
  }
}
