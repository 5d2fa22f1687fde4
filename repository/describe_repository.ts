import type { Definition } from "./_table.ts";
import type { StandardSchema } from "./standard_schema.ts";
import type { Codec } from "./types.ts";

/** Where a repository keeps what it was made of; other copies of the package look there as well. */
export const DEFINITION: unique symbol = Symbol.for("@kysera/repository/definition");

/** What a repository was made of. */
export interface RepositoryDescription {
  /** The table. */
  readonly tableName: string;
  /** Its schema, where the configuration names one. */
  readonly schema: string | undefined;
  /** The columns of the key. */
  readonly primaryKey: readonly string[];
  /** The schemas that rows are validated by: of rows that are read, of new ones, of changes. */
  readonly schemas: {
    readonly [K in "entity" | "create" | "update"]?: StandardSchema<any, any> | undefined;
  };
  /** The column that counts the writes of a row. */
  readonly versionColumn: string | undefined;
  /** The codecs by the names of their columns. */
  readonly codecs: ReadonlyMap<string, Codec>;
  /** Whether rows are mapped to something else. */
  readonly isMapped: boolean;
}

/**
 * Tells what a repository was made of, for programs that check or document it.
 *
 * @param repository the repository, or an object that has its members
 * @returns what its configuration says; `undefined` for any other value
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createRepository, describeRepository } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const users = createRepository(db, { tableName: "users" });
 * const described = describeRepository(users);
 * assert.equal(described?.tableName, "users");
 * assert.deepEqual(described?.primaryKey, ["id"]);
 * assert.equal(describeRepository({}), undefined);
 * ```
 */
export function describeRepository(repository: unknown): RepositoryDescription | undefined {
  if (typeof repository !== "object" || repository === null) return undefined;
  const definition = (repository as { readonly [DEFINITION]?: Definition })[DEFINITION];
  if (definition === undefined) return undefined;
  const { tableName, schema, primaryKey, schemas, versionColumn, codecs, mapRow } = definition;
  return {
    tableName,
    schema,
    primaryKey,
    schemas,
    versionColumn,
    codecs,
    isMapped: mapRow !== undefined,
  };
}
