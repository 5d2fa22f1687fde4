import { BadRequestError } from "@kysera/core";

/** A schema that stands for others which have the same tables: see {@linkcode schemaTemplate}. */
export class SchemaTemplate {
  /** Its name. */
  readonly schema: string;
  /**
   * Creates a template; see {@linkcode schemaTemplate}.
   *
   * @param schema the name of the schema
   */
  constructor(schema: string) {
    if (typeof schema !== "string" || schema === "") {
      throw new BadRequestError("Cannot use a template: give the name of a schema");
    }
    this.schema = schema;
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
 * const executorOf = (schema: string) =>
 *   createExecutor(db.withSchema(schema), [], { template });
 *
 * // In a request of a tenant: await executorOf("tenant_7")
 * console.log(typeof executorOf);
 * ```
 */
export function schemaTemplate(schema: string): SchemaTemplate {
  return new SchemaTemplate(schema);
}
