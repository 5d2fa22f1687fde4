import { BadRequestError } from "@kysera/core";
import { columnReference } from "@kysera/executor";
import type { ExpressionBuilder } from "kysely";
import type { Row, Table } from "./_table.ts";

/** The version column counted up, for `set`; nothing where there is no such column. */
export function counted(table: Table, eb: ExpressionBuilder<any, any>): Row {
  const { versionColumn } = table.definition;
  return versionColumn === undefined
    ? {}
    : { [versionColumn]: eb(columnReference(table.name, versionColumn), "+", 1) };
}

/**
 * Returns the version that an input names, whatever its schema makes of it.
 *
 * @throws {BadRequestError} if the input has the column and no version in it: a lock that was asked
 * for would be none
 */
export function givenVersion(input: unknown, versionColumn: string, action: string): unknown {
  const row = input as Row;
  if (!Object.hasOwn(row, versionColumn)) return undefined;
  return checkedVersion(row[versionColumn], action, ` "${versionColumn}"`);
}

/** Returns a version. @throws {BadRequestError} if it is not a whole number */
export function checkedVersion(version: unknown, action: string, name = ""): unknown {
  // Drivers give large numbers as bigint or text.
  if (typeof version === "number" && Number.isSafeInteger(version)) return version;
  if (typeof version === "bigint") return version;
  if (typeof version === "string" && /^-?\d{1,20}$/.test(version)) return version;
  throw new BadRequestError(
    `Cannot ${action}: its version${name} is ${
      version === null || version === undefined ? String(version) : "not a whole number"
    }; give the version that the row had when it was read, or leave it out`,
  );
}
