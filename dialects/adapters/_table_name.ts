import { BadRequestError } from "@kysera/core";

/** A table, and its schema if one was given. */
export interface TableName {
  readonly schema: string | undefined;
  readonly table: string;
}

/**
 * Takes a name apart that may have a schema before a dot.
 *
 * @throws {BadRequestError} If it has more dots, an empty part, or names another schema than asked for.
 */
export function parseTableName(name: string, schema: string | undefined): TableName {
  const parts = name.split(".");
  if (parts.length > 2 || parts.includes("")) {
    throw new BadRequestError(
      `Cannot use ${JSON.stringify(name)} as table name: write "table" or "schema.table"`,
    );
  }
  if (parts.length === 1) return { schema, table: name };
  if (schema !== undefined && schema !== parts[0]) {
    throw new BadRequestError(
      `Cannot use ${JSON.stringify(name)} as table name: schema ${
        JSON.stringify(schema)
      } was asked for`,
    );
  }
  return { schema: parts[0], table: parts[1]! };
}
