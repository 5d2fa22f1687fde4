import { BadRequestError } from "@kysera/core";
import {
  createBaseRepository,
  createRepository,
  createTableOperations,
  type StandardSchema,
} from "@kysera/repository";
import { type } from "arktype";
import type { Generated, Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import * as v from "valibot";
import * as yup from "yup";
import * as z from "zod";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";

interface Database {
  up: { id: Generated<number>; a: number; b: number | null; name: string; note: string | null };
}

interface Schemas {
  readonly create: StandardSchema<any, any>;
  /** The schema of creation made partial, its defaults included, as its library does it. */
  readonly update: StandardSchema<any, any>;
}

const zod = z.object({
  a: z.number().transform((n) => n * 10),
  b: z.number(),
  name: z.string().default("DEFAULT"),
  note: z.string().optional().default("DEFAULT"),
});
const valibot = v.object({
  a: v.pipe(v.number(), v.transform((n) => n * 10)),
  b: v.number(),
  name: v.optional(v.string(), "DEFAULT"),
  note: v.optional(v.string(), "DEFAULT"),
});
const arktype = type({
  a: type("number").pipe((n) => n * 10),
  b: "number",
  name: "string = 'DEFAULT'",
  note: "string = 'DEFAULT'",
});
const ten = yup.number().transform((n: number) => n * 10);
const text = yup.string().default("DEFAULT");

const LIBRARIES: Readonly<Record<string, Schemas>> = {
  zod: { create: zod, update: zod.partial() },
  "valibot, partial": { create: valibot, update: v.partial(valibot) },
  "valibot, defaults in the schema of updates": {
    create: valibot,
    update: v.object({ ...v.partial(valibot).entries, name: valibot.entries.name }),
  },
  arktype: { create: arktype, update: arktype.partial() },
  "arktype, defaults in the schema of updates": {
    create: arktype,
    update: type({
      "a?": type("number").pipe((n) => n * 10),
      "b?": "number",
      name: "string = 'DEFAULT'",
      note: "string = 'DEFAULT'",
    }),
  },
  yup: {
    create: yup.object({ a: ten.required(), b: yup.number().required(), name: text, note: text }),
    update: yup.object({ a: ten, b: yup.number(), name: text, note: text }),
  },
};

async function inTable(
  dialect: TestDialect,
  body: (db: Kysely<Database>) => Promise<void>,
): Promise<void> {
  const { db, close }: { db: Kysely<Database>; close(): Promise<void> } = await dialect.open();
  try {
    await db.schema.createTable("up")
      .addColumn(
        "id",
        dialect.dialect === "postgres" ? "serial" : "integer",
        (c) => dialect.dialect === "mysql" ? c.primaryKey().autoIncrement() : c.primaryKey(),
      )
      .addColumn("a", "integer", (c) => c.notNull().unique())
      .addColumn("b", "integer")
      .addColumn("name", "varchar(40)", (c) => c.notNull())
      .addColumn("note", "varchar(40)")
      .execute();
    await body(db);
  } finally {
    await close();
  }
}

onEveryDialect("what a schema adds to an update", (dialect) => {
  for (const [library, schemas] of Object.entries(LIBRARIES)) {
    it(`with ${library}: is not written`, () =>
      inTable(dialect, async (db) => {
        const repo = createRepository(db, { tableName: "up", schemas });
        const created: any = await repo.create({ a: 1, b: 3, name: "kept", note: "kept" });
        const { id } = created;
        const stored = async (): Promise<unknown> => {
          const { a, b, name, note } = await db.selectFrom("up").selectAll()
            .where("id", "=", id).executeTakeFirstOrThrow();
          return [a, b, name, note];
        };
        assert.deepEqual(await stored(), [10, 3, "kept", "kept"]);

        await repo.update(id, { b: 4 });
        assert.deepEqual(await stored(), [10, 4, "kept", "kept"]);
        await repo.bulkUpdate([{ id, data: { b: 5 } }, { id, data: { a: 2 } }]);
        // A transform of what is given holds.
        assert.deepEqual(await stored(), [20, 5, "kept", "kept"]);
        assert.equal(await repo.updateWhere({ id }, { b: 6 }), 1);
        assert.deepEqual(await stored(), [20, 6, "kept", "kept"]);
        await repo.update(id, {});
        await assert.rejects(
          async () => await repo.updateWhere({ id }, {}),
          /nothing is to be changed/,
        );
        await repo.upsert({ a: 2, b: 7 }, { conflictColumns: ["a"] });
        assert.deepEqual(await stored(), [20, 7, "kept", "kept"]);
        await repo.upsertMany([{ a: 2, b: 8 }, { a: 3, b: 1, name: "new" }, { a: 4, b: 2 }], {
          conflictColumns: ["a"],
        });
        assert.deepEqual(await stored(), [20, 8, "kept", "kept"]);
        const own = createBaseRepository(createTableOperations(db, "up"), { schemas }, db);
        await own.update(id, { b: 9 });
        await own.bulkUpdate([{ id, data: { a: 5 } }]);
        assert.deepEqual(await stored(), [50, 9, "kept", "kept"]);

        // A new row has the defaults, and what is named is written.
        const added = await db.selectFrom("up").select(["a", "name"]).where("a", ">", 20)
          .where("a", "<", 50).orderBy("a").execute();
        assert.deepEqual(added.map(({ name }) => name), ["new", "DEFAULT"]);
        await repo.upsert({ a: 5, b: 0 }, { conflictColumns: ["a"], updateColumns: ["b", "name"] });
        assert.deepEqual(await stored(), [50, 0, "DEFAULT", "kept"]);
        await repo.update(id, { name: "given", note: "given" });
        assert.deepEqual(await stored(), [50, 0, "given", "given"]);
      }));
  }

  it("keeps a column that a transform renames, and refuses what it cannot tell", () =>
    inTable(dialect, async (db) => {
      const shape = z.object({ fullName: z.string(), b: z.number().default(0) });
      const rename = (
        { fullName, b }: { fullName?: string | undefined; b?: number | undefined },
      ): object => ({
        name: fullName,
        b,
      });
      const { id } = await db.insertInto("up").values({ id: 7, a: 1, b: 3, name: "old" })
        .execute().then(() => ({ id: 7 }));
      const repo = createRepository(db, {
        tableName: "up",
        schemas: { update: shape.partial().transform(rename) },
      });
      await repo.update(id, { fullName: "new" });
      const row = await db.selectFrom("up").selectAll().executeTakeFirstOrThrow();
      assert.deepEqual([row.name, row.b], ["new", 3]);

      const strict = createRepository(db, {
        tableName: "up",
        schemas: { update: shape.transform(rename) },
      });
      await assert.rejects(strict.update(id, { fullName: "newer" }), (error) => {
        assert.ok(error instanceof BadRequestError, String(error));
        assert.match(error.message, /"name", "b" in place of "fullName"/);
        return true;
      });
      // A key that the schema does not know is no renamed one.
      const stripping = createRepository(db, {
        tableName: "up",
        schemas: { update: z.object({ a: z.number(), name: z.string().default("D") }).partial() },
      });
      await stripping.update(id, { a: 5, unknown: 1 } as any);
      assert.equal((await db.selectFrom("up").select("name").executeTakeFirst())?.name, "new");
    }));
});
