import { DatabaseError, type DatabaseErrorOptions } from "./database_error.ts";
import type { ErrorCode } from "./error_codes.ts";

/**
 * No row answers to what was asked for.
 *
 * @example
 * ```ts
 * import { NotFoundError } from "@kysera/core";
 * import assert from "node:assert/strict";
 *
 * const error = new NotFoundError("User", { id: 7 });
 * assert.equal(error.code, "RESOURCE_NOT_FOUND");
 * assert.equal(error.message, 'Cannot find "User": no row matches the given "id"');
 * assert.deepEqual(error.filters, { id: 7 });
 * ```
 */
export class NotFoundError extends DatabaseError {
  /** What was looked for. */
  readonly entity: string;
  /** What it was looked for by; its values are in no message. */
  readonly filters: Readonly<Record<string, unknown>>;

  static {
    this.prototype.name = "NotFoundError";
  }

  /**
   * Makes an error.
   *
   * @param entity What was looked for: a table, or the name of a thing.
   * @param filters What it was looked for by.
   * @param options What else is known.
   */
  constructor(
    entity: string,
    filters: Readonly<Record<string, unknown>> = {},
    options: DatabaseErrorOptions = {},
  ) {
    const names = Object.keys(filters).map((name) => `"${name}"`).join(", ");
    super(
      `Cannot find "${entity}": no row matches${names === "" ? "" : ` the given ${names}`}`,
      "RESOURCE_NOT_FOUND" satisfies ErrorCode,
      undefined,
      options,
    );
    this.entity = entity;
    this.filters = filters;
  }
}
