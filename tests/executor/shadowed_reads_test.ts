/**
 * A common table expression of the query must not take the place of a table that SQL of plugins reads,
 * be it in the filter of a table which that SQL reads.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { bindContext, createExecutor, type Plugin, QueryRefusedError } from "@kysera/executor";
import { allow, defineRLSSchema, filter, type PolicyTools, rlsPlugin } from "@kysera/rls";
import { expressionBuilder, type Kysely, sql } from "kysely";
import { onEveryDialect } from "../support/matrix.ts";

/** Docs of folders of which the caller's team may see some: three tables deep. */
const inFolder = (_: unknown, { eb, column }: PolicyTools<any>) =>
  eb.exists(
    eb.selectFrom("sr_folders").select("sr_folders.id").where(
      eb("sr_folders.id", "=", column("folder")),
    ),
  );
const granted = (_: unknown, { eb, column }: PolicyTools<any>) =>
  eb.exists(
    eb.selectFrom("sr_grants").select("sr_grants.folder").where(
      eb("sr_grants.folder", "=", column("id")),
    ),
  );

onEveryDialect(
  "a common table expression in the place of a table that policies read",
  (dialect) => {
    async function inWorld(body: (executor: Kysely<any>, db: Kysely<any>) => Promise<void>) {
      const { db, close } = await dialect.open();
      try {
        for (const [table, column] of [["sr_docs", "folder"], ["sr_folders", "n"]] as const) {
          await db.schema.createTable(table).addColumn("id", "integer", (c) => c.primaryKey())
            .addColumn(column, "integer").addColumn("secret", "varchar(20)").execute();
        }
        await db.schema.createTable("sr_grants").addColumn("folder", "integer").execute();
        await db.insertInto("sr_folders").values([{ id: 1, secret: "a" }, { id: 2, secret: "b" }])
          .execute();
        await db.insertInto("sr_docs").values([{ id: 1, folder: 1 }, { id: 2, folder: 2 }])
          .execute();
        await db.insertInto("sr_grants").values({ folder: 1 }).execute();
        const executor = await createExecutor(db, [rlsPlugin({
          schema: defineRLSSchema<any>({
            sr_docs: { policies: [filter("all", inFolder)] },
            sr_folders: { policies: [filter("all", granted)] },
          }),
        })]);
        await body(bindContext(executor, { auth: { userId: 1, roles: [] } }), db);
      } finally {
        await close();
      }
    }

    const isShadowed = (error: unknown): boolean =>
      error instanceof QueryRefusedError && error.reason === "SHADOWED_TABLE";

    for (const table of ["sr_grants", "sr_folders"]) {
      it(`is refused: ${table}, in reads and writes`, () =>
        inWorld(async (executor, db) => {
          const forged = (on: Kysely<any>): any =>
            on.with(
              table,
              (w) => w.selectNoFrom((eb) => [eb.lit(2).as("folder"), eb.lit(2).as("id")]),
            );
          const attempts: readonly (() => Promise<unknown>)[] = [
            () => forged(executor).selectFrom("sr_docs").selectAll().execute(),
            () => forged(executor).selectFrom("sr_docs as d").select("d.id").execute(),
            () =>
              executor.selectFrom("sr_docs as d").select("d.id")
                .where("d.id", "in", () => forged(executor).selectFrom("sr_docs").select("id"))
                .execute(),
            ...dialect.dialect === "mysql" ? [] : [
              () => forged(executor).updateTable("sr_docs").set({ secret: "x" }).execute(),
              () => forged(executor).deleteFrom("sr_docs").execute(),
              () => forged(executor).insertInto("sr_docs").values({ id: 3, folder: 2 }).execute(),
            ],
          ];
          for (const [i, attempt] of attempts.entries()) {
            await assert.rejects(async () => await attempt(), isShadowed, String(i));
          }
          assert.deepEqual(
            await db.selectFrom("sr_docs").select(["id", "secret"]).orderBy("id").execute(),
            [{ id: 1, secret: null }, { id: 2, secret: null }],
          );
        }));
    }

    it("is refused where a masked column is decided by the table", () =>
      inWorld(async (_, db) => {
        const executor = await createExecutor(db, [rlsPlugin({
          schema: defineRLSSchema<any>({
            sr_folders: {
              policies: [allow("all", true)],
              columns: { secret: { read: granted } },
            },
          }),
        })]);
        const bound: Kysely<any> = bindContext(executor, { auth: { userId: 1, roles: [] } });
        assert.deepEqual(
          await bound.selectFrom("sr_folders").select(["id", "secret"]).orderBy("id").execute(),
          [{ id: 1, secret: "a" }, { id: 2, secret: null }],
        );
        await assert.rejects(
          async () =>
            await bound.with("sr_grants", (w) => w.selectNoFrom((eb) => eb.lit(2).as("folder")))
              .selectFrom("sr_folders").select("secret").execute(),
          isShadowed,
        );
      }));

    it("is refused where a plugin sets columns by the table, or intercepts blocks with it", () =>
      inWorld(async (_, db) => {
        const eb = expressionBuilder<any, any>();
        const most = (): unknown =>
          eb.selectFrom("sr_grants").select((own) => own.fn.max("sr_grants.folder").as("m"));
        const isDoc = ({ name }: { readonly name: string }): boolean => name === "sr_docs";
        const version = "1.0.0";
        const stamps: Plugin = {
          name: "stamps",
          version,
          appliesTo: isDoc,
          stamp: () => ({ set: { folder: most() }, given: "replace" }),
        };
        const marks: Plugin = {
          name: "marks",
          version,
          appliesTo: isDoc,
          rewriteDelete: () => ({ set: { folder: most() } }),
        };
        const intercepts: Plugin = {
          name: "intercepts",
          version,
          interceptQuery: (block, { table, operation, ref }) =>
            table !== "sr_docs" || operation === "insert" ? block : block.where((own) =>
              own.exists(
                own.selectFrom("sr_grants").select("sr_grants.folder").where(
                  own("sr_grants.folder", "=", ref!("folder")),
                ),
              )
            ),
        };
        const forged = (on: Kysely<any>): any =>
          on.with("sr_grants", (w) => w.selectNoFrom((own) => own.lit(2).as("folder")));
        const queries: Readonly<Record<string, (on: Kysely<any>) => any>> = {
          select: (on) => forged(on).selectFrom("sr_docs").selectAll(),
          // What the query itself reads of its CTE is its own business.
          mixed: (on) =>
            forged(on).selectFrom("sr_docs").selectAll()
              .where("id", "in", (own: any) => own.selectFrom("sr_grants").select("folder")),
          update: (on) => forged(on).updateTable("sr_docs").set({ secret: "x" }),
          insert: (on) => forged(on).insertInto("sr_docs").values({ id: 5 }),
          delete: (on) => forged(on).deleteFrom("sr_docs"),
        };
        const refused: readonly (readonly [Plugin, readonly string[]])[] = [
          [stamps, ["update", "insert"]],
          [marks, ["delete"]],
          [intercepts, ["select", "mixed", "update", "delete"]],
        ];
        for (const [plugin, names] of refused) {
          const executor: Kysely<any> = await createExecutor(db, [plugin]);
          for (const [name, query] of Object.entries(queries)) {
            const compile = (): unknown => query(executor).compile();
            if (names.includes(name)) assert.throws(compile, isShadowed, `${plugin.name}: ${name}`);
            else compile();
          }
          // Without the CTE it is as ever.
          executor.updateTable("sr_docs").set({ secret: "x" }).compile();
          executor.with("mine", (w) => w.selectFrom("sr_grants").selectAll())
            .selectFrom("sr_docs").selectAll().compile();
        }
      }));

    it("takes the place of no table that the policy names with its schema", () =>
      inWorld(async (_, db) => {
        const name = {
          sqlite: sql`'main'`,
          postgres: sql`current_schema()`,
          mysql: sql`database()`,
        };
        const { rows: [row] } = await sql<{ name: string }>`select ${name[dialect.dialect]} as name`
          .execute(db);
        const executor = await createExecutor(db, [rlsPlugin({
          schema: defineRLSSchema<any>({
            sr_folders: {
              policies: [filter("all", (_, { eb, column }) =>
                eb.exists(
                  eb.selectFrom(`${row!.name}.sr_grants as g`).select("g.folder").where(
                    eb("g.folder", "=", column("id")),
                  ),
                ))],
            },
          }),
        })]);
        const bound: Kysely<any> = bindContext(executor, { auth: { userId: 1, roles: [] } });
        const rows = await bound.with(
          "sr_grants",
          (w) => w.selectNoFrom((eb) => eb.lit(2).as("folder")),
        ).selectFrom("sr_folders").select("id")
          .execute();
        assert.deepEqual(rows, [{ id: 1 }]);
      }));

    it("takes the place of no table by another name, or where policies read none", () =>
      inWorld(async (executor) => {
        const rows = await executor.with("mine", (w) => w.selectFrom("sr_docs").selectAll())
          .selectFrom("mine").select("id").execute();
        assert.deepEqual(rows, [{ id: 1 }]);
        const hidden = await executor.with("sr_docs", (w) => w.selectFrom("sr_grants").selectAll())
          .selectFrom("sr_docs").select("folder").execute();
        assert.deepEqual(hidden, [{ folder: 1 }]);
      }));
  },
);
