/** An executor of one schema among many that are alike. */
import { createExecutor, type Plugin, schemaTemplate } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { uniqueName } from "../support/_names.ts";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

async function withSchemas(
  dialect: TestDialect,
  body: (db: Kysely<any>, template: string, tenant: string) => Promise<void>,
): Promise<void> {
  const { db, close } = await dialect.open();
  const schemas = [uniqueName(), uniqueName()];
  try {
    for (const schema of schemas) {
      await db.schema.createSchema(schema).execute();
      const own = db.withSchema(schema).schema;
      await own.createTable("writers").addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("deleted_at", "varchar(40)").execute();
      await own.createTable("jottings").addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("user_id", "integer")
        .addForeignKeyConstraint(`${schema}_jottings_user`, ["user_id"], "writers", ["id"])
        .execute();
    }
    await body(db, schemas[0]!, schemas[1]!);
  } finally {
    for (const schema of schemas) {
      const drop = db.schema.dropSchema(schema).ifExists();
      await (dialect.dialect === "postgres" ? drop.cascade() : drop).execute();
    }
    await close();
  }
}

onEveryDialect("schemaTemplate()", (dialect) => {
  it("says of a schema what the catalog says of the template, and of no other", () =>
    withSchemas(dialect, async (db, template, tenant) => {
      const told: unknown[] = [];
      const asks: Plugin = {
        name: "asks",
        version: "1.0.0",
        async setup({ relations, foreignKeys }) {
          const all = await relations();
          told.push(
            all.map(({ name, schema, isVisible, keys }) => [name, schema, isVisible, keys]),
          );
          told.push((await relations([{ name: "writers", schema: tenant }])).length);
          told.push((await relations([{ name: "writers", schema: "nowhere" }])).length);
          told.push(
            (await relations([{ name: "writers", schema: template }])).map(({ schema }) => schema),
          );
          told.push((await foreignKeys()).map(({ table, references }) => [table, references]));
          return {};
        },
      };
      await createExecutor(db.withSchema(tenant), [asks], { template: schemaTemplate(template) });
      assert.deepEqual(told, [
        [["jottings", tenant, true, [["id"]]], ["writers", tenant, true, [["id"]]]],
        1,
        0,
        [template],
        [["jottings", "writers"]],
      ]);
    }));

  it("guards the tables of the schema, and those of others as ever", () =>
    withSchemas(dialect, async (db, template, tenant) => {
      const executor = await createExecutor(db.withSchema(tenant), [softDeletePlugin()], {
        template: schemaTemplate(template),
      });
      for (const schema of [template, tenant]) {
        await db.withSchema(schema).insertInto("writers").values([
          { id: 1, deleted_at: null },
          { id: 2, deleted_at: "2026-01-01" },
        ]).execute();
        const rows = await executor.selectFrom(
          schema === tenant ? "writers" : `${template}.writers`,
        )
          .select("id").execute();
        assert.deepEqual(rows, [{ id: 1 }]);
      }
      assert.deepEqual(await executor.selectFrom("jottings").selectAll().execute(), []);
      // A table that is made later is looked up.
      await executor.schema.createTable("tags").addColumn("id", "integer")
        .addColumn("deleted_at", "varchar(40)").execute();
      await db.withSchema(tenant).insertInto("tags").values([
        { id: 1, deleted_at: null },
        { id: 2, deleted_at: "2026-01-01" },
      ]).execute();
      const tags = await executor.selectFrom("tags").select("id").execute();
      assert.deepEqual(tags, [{ id: 1 }]);
    }));

  it("is for a database with a schema, whose template has tables", () =>
    withSchemas(dialect, async (db, template, tenant) => {
      await assert.rejects(
        createExecutor(db, [], { template: schemaTemplate(template) }),
        /option "template" is for a database with a schema/,
      );
      await assert.rejects(
        createExecutor(db.withSchema(tenant), [], { template: schemaTemplate("nowhere") }),
        /schema "nowhere" is a template without tables; migrate it first/,
      );
      await assert.rejects(
        createExecutor(db.withSchema(tenant), [], { template: template as never }),
        /option "template" must be what schemaTemplate\(\) returns/,
      );
      assert.throws(() => schemaTemplate(""), /give the name of a schema/);
    }));
}, ["pglite", "postgres", "mysql"]);
