import { dumpSchema, loadSchema, readSchema } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import { inOrderOfKeys } from "../../data/_in_order_of_keys.ts";
import { refusal, usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, list, text } from "../../contract/_options.ts";
import { assertSchema, openSchemas, schemaName } from "./_open_schemas.ts";

/** `kysera schema clone`. */
export const command: Command = defineCommand({
  description:
    "The history of migrations is copied with it. Where the copy fails, what was made of it is dropped\n" +
    "again.",
  arguments: [
    { name: "source", description: "the schema that is copied" },
    { name: "target", description: "the new one", isOptional: true },
  ],
  options: {
    tenant: text("--tenant <id>", "name the new one tenant_<id>"),
    includeData: flag("--include-data", "copy the rows, too"),
    exclude: list("--exclude <tables>", "tables whose rows are not copied"),
  },
  examples: [
    ["kysera schema clone template --tenant 7", "create a tenant"],
    ["kysera schema clone live copy --include-data --exclude logs", "copy data as well"],
  ],
  async run({ context, args: [source = "", given], options }) {
    const target = schemaName(given, options.tenant);
    const schemas = await openSchemas(context);
    if (schemas.target.kind === "kysely") {
      throw refusal("A schema can be copied only over a connection of its own", {
        hint: "Name the database with --url.",
      });
    }
    await assertSchema(schemas, source);
    if ((await schemas.list()).includes(target)) {
      throw usageError(`There is a schema "${target}" already`);
    }
    const from = await context.open({ missing: "refuse", schema: source });
    const script = await dumpSchema(from.db, { exclude: [] });
    await schemas.db.schema.createSchema(target).execute();
    const { tableName = "kysera_migration" } = (await context.settings()).migrations;
    // Without its history the copy would be migrated from the start.
    const history = [tableName, `${tableName}_step`, `${tableName}_lock`];
    let copied: string[];
    try {
      // A connection of its own, in which names without a schema mean the new one.
      const { db } = await context.open({ missing: "refuse", schema: target });
      await loadSchema(db, script);
      copied = await copyRows(
        db,
        source,
        (name) =>
          history.includes(name) || (options.includeData && !options.exclude.includes(name)),
      );
    } catch (error) {
      const drop = schemas.db.schema.dropSchema(target);
      await (schemas.dialect === "postgres" ? drop.cascade() : drop).execute();
      throw error;
    }
    const rows = options.includeData ? `, with the rows of ${copied.length} tables` : "";
    return {
      data: { source, target, copied },
      text: `Created the schema "${target}" like "${source}"${rows}`,
    };
  },
});

/** Copies the rows of tables; what other rows refer to is there before them. */
async function copyRows(
  db: Kysely<any>,
  source: string,
  isMeant: (table: string) => boolean,
): Promise<string[]> {
  const { tables, dialect } = await readSchema(db, { exclude: [] });
  const copied = tables.filter(({ kind, name, partitioning }) =>
    kind === "table" && partitioning.by === null && isMeant(name)
  );
  await db.transaction().execute(async (trx) => {
    // Keys are checked when all rows are there; on PostgreSQL the tables are empty, and are sorted.
    if (dialect === "mysql") await sql`set foreign_key_checks = 0`.execute(trx);
    try {
      for (const { name, columns } of inOrderOfKeys(copied).tables) {
        const stored = columns.filter(({ generated }) => generated === null);
        const names = sql.join(stored.map((column) => sql.id(column.name)));
        // Numbers that the database gives by itself are copied as well.
        const overriding = dialect === "postgres" ? sql`overriding system value` : sql``;
        await sql`insert into ${sql.id(name)} (${names}) ${overriding}
          select ${names} from ${sql.id(source, name)}`.execute(trx);
      }
    } finally {
      if (dialect === "mysql") await sql`set foreign_key_checks = 1`.execute(trx);
    }
  });
  return copied.map(({ name }) => name);
}
