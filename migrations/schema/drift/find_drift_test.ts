import { BadRequestError } from "@kysera/core";
import {
  createMigrationRunner,
  createSqlMigration,
  MigrationStateError,
  type MigrationWithMeta,
} from "@kysera/migrations";
import {
  type Drift,
  findDrift,
  readAppliedSchema,
  readSchema,
  scratchSchema,
} from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { RICH } from "../../../tests/migrations/_rich_schema.ts";
import { runScript } from "../../../tests/migrations/_run_script.ts";
import { scratchOf } from "../../../tests/migrations/_databases.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

const MIGRATIONS: readonly MigrationWithMeta[] = [
  createSqlMigration("1", "create table users (id integer primary key, name varchar(20))"),
  createSqlMigration("2", "create index users_name on users (name)"),
  createSqlMigration("3", "create table posts (id integer, title varchar(20))"),
  createSqlMigration("4", "alter table users add email varchar(50)"),
];
const APPLIED = MIGRATIONS.slice(0, 3);

const shown = ({ findings }: Drift) =>
  findings.map(({ change, migration, cause }) =>
    `${change.text} | ${migration} | ${cause.split(":")[0]}`
  );

onEveryDialect("findDrift()", (dialect) => {
  const scratch = scratchOf(dialect);
  const withApplied = async (body: (db: Kysely<any>) => Promise<void>) => {
    const { db, close } = await dialect.open();
    try {
      await createMigrationRunner(db, APPLIED).up();
      await body(db);
    } finally {
      await close();
    }
  };

  it("finds nothing where the database has what the migrations make", () =>
    withApplied(async (db) => {
      const drift = await findDrift(db, MIGRATIONS, { scratch });
      assert.deepEqual(drift, { migrations: ["1", "2", "3"], findings: [] });
      const expected = JSON.parse(JSON.stringify(await readAppliedSchema(db, MIGRATIONS)));
      assert.deepEqual(await findDrift(db, MIGRATIONS, { expected }), drift);
    }));

  it("says which migration a difference has to do with", () =>
    withApplied(async (db) => {
      const isMysql = dialect.dialect === "mysql";
      await runScript(
        db,
        `create table extra (id integer); drop index users_name${isMysql ? " on users" : ""};
         alter table users add email varchar(50); alter table posts drop column title`,
      );
      const drift = await findDrift(db, MIGRATIONS, { scratch });
      const varchar = (length: number) =>
        dialect.dialect === "postgres" ? `character varying(${length})` : `varchar(${length})`;
      assert.deepEqual(shown(drift).sort(), [
        "column posts.title: removed | null | no migration drops it",
        `column users.email: added, ${
          varchar(50)
        } | 4 | "4" makes this change, and is not recorded as applied`,
        'index users.users_name: removed | 2 | what "2" does to it is not there',
        "table extra: added | null | no migration makes it",
      ]);
      assert.match(
        drift.findings.find(({ migration }) => migration === "4")!.cure,
        /markAsExecuted/,
      );
      assert.match(drift.findings.find(({ migration }) => migration === "2")!.cure, /RolledBack/);
      const ignored = await findDrift(db, MIGRATIONS, {
        scratch,
        ignore: ({ object, name }) => object === "table" && name === "extra",
        exclude: ["posts"],
      });
      assert.equal(ignored.findings.length, 2);
    }));

  it("finds a table that is gone, and one that a migration never made", () =>
    withApplied(async (db) => {
      const expected = await readAppliedSchema(db, MIGRATIONS);
      await runScript(db, "drop table posts");
      assert.deepEqual(shown(await findDrift(db, MIGRATIONS, { scratch })), [
        'table posts: removed | 3 | what "3" does to it is not there',
      ]);
      assert.deepEqual(shown(await findDrift(db, MIGRATIONS, { expected })), [
        "table posts: removed | null | no migration drops it",
      ]);
      await createMigrationRunner(db, MIGRATIONS).markAsExecuted("4");
      await assert.rejects(findDrift(db, MIGRATIONS, { expected }), /"4" came since/);
      assert.deepEqual(
        shown(await findDrift(db, MIGRATIONS, { scratch })),
        [
          `column users.email: removed | 4 | what "4" does to it is not there`,
          'table posts: removed | 3 | what "3" does to it is not there',
        ].sort((a, b) => (a.startsWith("table") ? -1 : 1) - (b.startsWith("table") ? -1 : 1)),
      );
    }));

  it("finds no drift in any kind of object, with a history of another name", async () => {
    const { db, close } = await dialect.open();
    try {
      const rich = [createSqlMigration("rich", RICH[dialect.dialect])];
      await createMigrationRunner(db, rich, { tableName: "my_history" }).up();
      const drift = await findDrift(db, rich, { scratch, tableName: "my_history" });
      assert.deepEqual(drift, { migrations: ["rich"], findings: [] });
    } finally {
      await close();
    }
  });

  it("refuses what it cannot compare", () =>
    withApplied(async (db) => {
      const expected = await readAppliedSchema(db, MIGRATIONS);
      const wrong = [{}, { scratch, expected }, { scratch, ignored: 1 }];
      for (const options of wrong) {
        await assert.rejects(findDrift(db, MIGRATIONS, options as object), BadRequestError);
      }
      await assert.rejects(findDrift(db, MIGRATIONS.slice(1), { scratch }), MigrationStateError);
    }));
});

onEveryDialect("findDrift() with a scratch schema", (dialect) => {
  it("leaves the connection and the server as they were", async () => {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await createMigrationRunner(db, APPLIED).up();
      const { findings } = await findDrift(db, MIGRATIONS, { scratch: scratchSchema(db) });
      assert.deepEqual(findings, []);
      await runScript(db, "create table extra (id integer)");
      const drift = await findDrift(db, MIGRATIONS, { scratch: scratchSchema(db) });
      assert.deepEqual(shown(drift), ["table extra: added | null | no migration makes it"]);
      // What fails leaves nothing behind, either.
      let name = "";
      await assert.rejects(
        scratchSchema(db)(async (scratch) => {
          name = (await readSchema(scratch)).defaultSchema;
          await runScript(scratch, "create table t (id integer)");
          await runScript(scratch, "nonsense");
        }),
      );
      assert.match(name, /^kysera_scratch_/);
      assert.deepEqual((await readSchema(db, { schemas: [name] })).schemas, []);
      await db.selectFrom("users").select("id").execute();
    } finally {
      await close();
    }
  });
}, ["postgres", "pglite", "mysql"]);
