import { BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { ForeignKey, Relation } from "../contract/relation.ts";
import type { DialectTraits } from "../dialect/mod.ts";
import { readForeignKeys } from "./_read_foreign_keys.ts";
import { readRelations } from "./_read_relations.ts";

/** A schema that stands for others which have the same tables: see {@linkcode schemaTemplate}. */
export class SchemaTemplate {
  /** Its name. */
  readonly schema: string;
  #relations: readonly Relation[] | undefined;
  #foreignKeys: readonly ForeignKey[] | undefined;

  /** @param schema the name of the schema */
  constructor(schema: string) {
    if (typeof schema !== "string" || schema === "") {
      throw new BadRequestError("Cannot use a template: give the name of a schema");
    }
    this.schema = schema;
  }

  /**
   * Returns its tables and views, read once.
   *
   * @param db the database
   * @param traits the traits of its dialect
   */
  async relations(db: Kysely<any>, traits: DialectTraits): Promise<readonly Relation[]> {
    // Each asks for itself: who waits for another may hold the connection that the other waits for.
    return this.#relations ??= await readRelations(db, traits, undefined, this.schema);
  }

  /**
   * Returns the foreign keys between its tables, read once.
   *
   * @param db the database
   * @param traits the traits of its dialect
   */
  async foreignKeys(db: Kysely<any>, traits: DialectTraits): Promise<readonly ForeignKey[]> {
    return this.#foreignKeys ??= await readForeignKeys(db, traits, this.schema);
  }

  /** Forgets what was read: the schema has changed, as by migrations. */
  forget(): void {
    this.#relations = undefined;
    this.#foreignKeys = undefined;
  }
}

/**
 * Names a schema that stands for many which have the same tables, such as those of tenants. It is
 * given to {@linkcode createExecutor} as the option `template`: what plugins ask about tables is then
 * read of this schema, once for all executors with the same object. A catalog of thousands of schemas
 * takes seconds to read.
 *
 * A table of a further schema that a query names is looked up as ever.
 *
 * @param schema the name of the schema; of MySQL the database
 * @returns the template
 *
 * @example
 * ```ts
 * import { createExecutor, schemaTemplate } from "@kysera/executor";
 * import { Kysely, PostgresDialect } from "kysely";
 * import { Pool } from "pg";
 *
 * interface Database {
 *   projects: { id: string; name: string };
 * }
 * const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: new Pool() }) });
 * const template = schemaTemplate("tenant_template");
 * export const executorOf = (schema: string) =>
 *   createExecutor(db.withSchema(schema), [], { template });
 * ```
 */
export function schemaTemplate(schema: string): SchemaTemplate {
  return new SchemaTemplate(schema);
}
