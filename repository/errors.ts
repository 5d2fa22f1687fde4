import {
  BadRequestError,
  DatabaseError,
  ResourceErrorCodes,
  ValidationErrorCodes,
} from "@kysera/core";

/** Something that is wrong with an input or a row. */
export interface ValidationIssue {
  /** Where: the keys from the outside in. */
  readonly path: readonly PropertyKey[];
  /** What is wrong, in the words of the schema's library. */
  readonly message: string;
}

/** An input, or a row of the database, that its schema refuses. No SQL was run for an input. */
export class ValidationError extends DatabaseError {
  static {
    this.prototype.name = "ValidationError";
  }

  /** What is wrong, issue by issue. */
  readonly issues: readonly ValidationIssue[];

  /**
   * @param action what could not be done
   * @param issues what is wrong
   */
  constructor(action: string, issues: readonly ValidationIssue[]) {
    const list = issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`
    );
    super(
      `Cannot ${action}: ${list.join("; ")}`,
      ValidationErrorCodes.VALIDATION_INVALID_INPUT,
      list.join("; "),
    );
    this.issues = issues;
  }
}

/** The row was changed since it was read: its version is another one. */
export class StaleRowError extends DatabaseError {
  static {
    this.prototype.name = "StaleRowError";
  }

  /**
   * @param table the table
   * @param column the version column
   */
  constructor(table: string, column: string) {
    super(
      `Cannot update the row of "${table}": its "${column}" is another one now; read it again`,
      ResourceErrorCodes.RESOURCE_CONFLICT,
      undefined,
      { table, columns: [column] },
    );
  }
}

/** More rows than the one that was asked for. */
export class MultipleRowsError extends DatabaseError {
  static {
    this.prototype.name = "MultipleRowsError";
  }

  /**
   * @param table the table
   */
  constructor(table: string) {
    super(
      `Cannot give the one row of "${table}": there are several; narrow the condition`,
      ResourceErrorCodes.RESOURCE_CONFLICT,
      undefined,
      { table },
    );
  }
}

/** An upsert met a row that has the key and may not be changed. */
export class UpsertConflictError extends DatabaseError {
  static {
    this.prototype.name = "UpsertConflictError";
  }

  /**
   * @param table the table
   * @param options what the database said, as `cause`
   */
  constructor(table: string, options: ErrorOptions = {}) {
    super(
      `Cannot upsert into "${table}": its key is taken by a row that may not be changed`,
      ResourceErrorCodes.RESOURCE_CONFLICT,
      undefined,
      { table, ...options },
    );
  }
}

/** A condition has a comparison that there is none of. */
export class InvalidOperatorError extends BadRequestError {
  static {
    this.prototype.name = "InvalidOperatorError";
  }

  /** The comparison, as it was written. */
  readonly operator: string;

  /**
   * @param column the column that was to be compared
   * @param operator the comparison, as it was written
   * @param known those there are
   */
  constructor(column: string, operator: string, known: readonly string[]) {
    super(
      `Cannot read the condition: "${column}" has the unknown comparison "${operator}"; there are ` +
        `${known.join(", ")} (to compare with an object, write { eq: .. }; with what ` +
        `stands in JSON, { path: ["${operator.slice(0, 40)}"], eq: .. })`,
    );
    this.operator = operator;
  }
}
