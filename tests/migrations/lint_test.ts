import { createMigrationRunner, createSqlMigration, type Migration } from "@kysera/migrations";
import { folderOfMigrations } from "@kysera/migrations/files";
import { lintMigrations } from "@kysera/migrations/lint";
import { readSchema } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { matrix, onEveryDialect, type TestDialect } from "../support/matrix.ts";

const first: Migration = {
  name: "001_users",
  async up(db) {
    await db.schema.createTable("users").addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("email", "varchar(50)", (c) => c.notNull()).execute();
  },
  async down(db) {
    await db.schema.dropTable("users").execute();
  },
};

async function within(
  dialect: TestDialect,
  run: (db: Kysely<any>) => Promise<void>,
): Promise<void> {
  const { db, close } = await dialect.open();
  try {
    await run(db);
  } finally {
    await close();
  }
}

onEveryDialect("lintMigrations()", (dialect) => {
  it("looks at what is pending, and changes nothing", async () => {
    await within(dialect, async (db) => {
      await createMigrationRunner(db, [first]).up();
      const before = await readSchema(db);
      const drop = createSqlMigration("002_drop", "alter table users drop column email");
      const { findings, migrations, counts } = await lintMigrations(db, [first, drop]);
      assert.deepEqual(migrations, ["002_drop"]);
      const found = findings.find(({ rule }) => rule === "drop-column")!;
      assert.equal(found.severity, "error");
      assert.equal(found.statement, 1);
      assert.equal(found.sql, "alter table users drop column email");
      assert.equal(counts.error, findings.filter(({ severity }) => severity === "error").length);
      assert.deepEqual(await readSchema(db), before);
      assert.deepEqual((await createMigrationRunner(db, [first, drop]).status()).pending, [
        "002_drop",
      ]);
    });
  });

  it("finds nothing where everything is applied", async () => {
    await within(dialect, async (db) => {
      await createMigrationRunner(db, [first]).up();
      const { findings, migrations } = await lintMigrations(db, [first]);
      assert.deepEqual([findings, migrations], [[], []]);
    });
  });

  it("tells what was edited after it was applied, and what comes too late", async () => {
    await within(dialect, async (db) => {
      const third = createSqlMigration("003_teams", "create table teams (id int primary key)");
      await createMigrationRunner(db, [first, third]).up();
      const edited = createSqlMigration("003_teams", "create table teams (id bigint primary key)");
      const second = createSqlMigration("002_notes", "create table notes (id int primary key)");
      const { findings } = await lintMigrations(db, [first, second, edited]);
      const history = findings.filter(({ statement, rule }) =>
        statement === undefined && rule !== "missing-down"
      );
      assert.deepEqual(history.map(({ rule, migration }) => [rule, migration]), [
        ["out-of-order", "002_notes"],
        ["edited-after-apply", "003_teams"],
      ]);
    });
  });

  it("takes the version of the server into account", async () => {
    await within(dialect, async (db) => {
      const old = { sqlite: "3.30", postgres: "10", mysql: "5.7" }[dialect.dialect];
      const script = {
        sqlite: "create table t (id integer primary key)",
        postgres: "alter table users add a int default 1",
        mysql: "alter table users add a int first",
      }[dialect.dialect];
      const rule = {
        sqlite: "non-strict-table",
        postgres: "volatile-default",
        mysql: "column-not-last",
      }[dialect.dialect];
      const migrations = [createSqlMigration("002_a", script)];
      const rules = async (targetVersion?: string) =>
        (await lintMigrations(db, migrations, targetVersion === undefined ? {} : { targetVersion }))
          .findings.map(({ rule }) => rule);
      assert.equal((await rules()).includes(rule), dialect.dialect === "sqlite");
      assert.equal((await rules(old)).includes(rule), dialect.dialect !== "sqlite");
    });
  });
});

onEveryDialect("lintMigrations() with a scratch database", (dialect) => {
  const isPostgres = dialect.dialect === "postgres";
  /** A script, the rule, and what the server says: `undefined` drops the finding. */
  const cases: readonly (readonly [script: string, rule: string, words: RegExp | undefined])[] =
    isPostgres
      ? [
        ["alter table users alter email type text using email::text", "type-rewrite", undefined],
        ["alter table users alter at type timestamptz(6)", "type-rewrite", undefined],
        ["alter table users alter id type bigint", "type-rewrite", /AccessExclusiveLock on users/],
        ["alter table users add a text default steady()", "volatile-default", undefined],
        ["alter table users add a text default unsteady()", "volatile-default", /AccessExclusive/],
        [
          "alter table users add a int generated always as (id) stored",
          "stored-generated-column",
          /AccessExclusive/,
        ],
        ["alter table users add a bigserial", "serial-on-existing", /AccessExclusive/],
        ["create index i on users (email)", "index-not-concurrent", /ShareLock on users/],
        ["drop index users_email", "index-not-concurrent", /AccessExclusiveLock/],
        ["alter table users add check (id > 0)", "constraint-without-not-valid", /AccessExclusive/],
        [
          "alter table users add a int default 1 references teams",
          "constraint-without-not-valid",
          /ShareRowExclusiveLock on teams/,
        ],
        ["alter table users add unique (email)", "unique-constraint-blocking", /AccessExclusive/],
        ["alter table teams add primary key (id)", "primary-key-blocking", undefined],
      ]
      : [
        [
          "alter table users modify latin varchar(70) character set latin1",
          "alter-copies-table",
          undefined,
        ],
        ["alter table users modify email varchar(300) not null", "alter-copies-table", /by a copy/],
        ["alter table users modify id bigint not null", "alter-copies-table", /by a copy/],
        ["alter table users add a char(36) default (uuid())", "expression-default", /by a copy/],
        ["alter table users add a int as (id * 2) stored", "stored-generated", /by a copy/],
        [
          "alter table users add fulltext key i (email)",
          "alter-blocks-writes",
          /while writes wait/,
        ],
        [
          "alter table users add n int auto_increment unique",
          "auto-increment-add",
          /while writes wait|by a copy/,
        ],
      ];
  const prepare = async (db: Kysely<any>): Promise<void> => {
    const more = isPostgres
      ? sql`at timestamptz(3)`
      : sql`latin varchar(50) character set latin1, key users_email (email)`;
    await sql`create table users (id int, email varchar(50) not null, ${more})`.execute(db);
    await sql`create table teams (id int primary key)`.execute(db);
    if (!isPostgres) return;
    await sql`create index users_email on users (email)`.execute(db);
    await sql`create function steady() returns text immutable language sql as 'select ''x'''`
      .execute(db);
    await sql`create function unsteady() returns text volatile language sql as 'select random()::text'`
      .execute(db);
  };

  it("lets the server decide", async () => {
    for (const [script, rule, words] of cases) {
      const own = await dialect.open();
      const copy = await dialect.open();
      try {
        await prepare(own.db);
        await prepare(copy.db);
        const tables = await readSchema(own.db);
        const migrations = [createSqlMigration("001_change", script)];
        const supposed = await lintMigrations(own.db, migrations);
        const isSupposed = supposed.findings.some((each) => each.rule === rule);
        assert.ok(isSupposed, `${rule}: ${script}`);
        const { findings } = await lintMigrations(own.db, migrations, { scratch: copy.db });
        const found = findings.find((each) => each.rule === rule);
        if (script.includes("teams add primary key")) {
          // What fails there is not known.
          assert.ok(found !== undefined && !found.message.includes("seen"), script);
        } else if (words === undefined) {
          assert.equal(found, undefined, `${script}: ${found?.message}`);
        } else assert.match(found?.message ?? "nothing", words, script);
        assert.deepEqual(await readSchema(own.db), tables);
        if (isPostgres) assert.deepEqual((await readSchema(copy.db)).tables, tables.tables);
      } finally {
        await copy.close();
        await own.close();
      }
    }
  });

  it("tells a table that is written anew for a reason that no rule knows", async () => {
    const own = await dialect.open();
    const copy = await dialect.open();
    try {
      await prepare(own.db);
      await prepare(copy.db);
      const script = isPostgres
        ? "alter table users set unlogged"
        : "alter table users row_format = compact, force";
      const { findings } = await lintMigrations(
        own.db,
        [createSqlMigration("001_change", script)],
        { scratch: copy.db },
      );
      const isRewritten = findings.some(({ rule }) => rule === "observed-rewrite");
      // MariaDB does the other in place.
      assert.equal(isRewritten, isPostgres, JSON.stringify(findings));
    } finally {
      await copy.close();
      await own.close();
    }
  });

  it("refuses the database itself", async () => {
    const own = await dialect.open();
    try {
      await prepare(own.db);
      const before = await readSchema(own.db);
      const migrations = [createSqlMigration("001_drop", "drop table users")];
      await assert.rejects(
        lintMigrations(own.db, migrations, { scratch: own.db }),
        /"scratch": it is the database that the migrations are for/,
      );
      assert.deepEqual(await readSchema(own.db), before);
    } finally {
      await own.close();
    }
  });
}, ["pglite", "postgres", "mysql"]);

describe("lintMigrations()", () => {
  const sqlite = matrix.find(({ name }) => name === "sqlite")!;
  const options = { skip: sqlite.skip } as { skip?: string };
  if (options.skip === undefined) delete options.skip;

  it("names the file and the line, and what is ignored with its reason", options, async () => {
    const folder = await mkdtemp(join(tmpdir(), "kysera-lint-"));
    try {
      await writeFile(
        join(folder, "001_users.sql"),
        [
          "-- Nobody reads it since March.",
          "-- kysera-ignore drop-table: release 12 does not use it",
          "drop table users;",
          "",
          "drop",
          "  table teams;",
          "-- down",
          "-- kysera-ignore drop-table: not meant for up",
          "drop table x;",
        ].join("\n"),
      );
      await writeFile(
        join(folder, "002_code.mjs"),
        [
          "export const lintIgnore = { 'drop-column': 'a test' };",
          "export async function up(db) {",
          "  await db.schema.alterTable('notes').dropColumn('a').execute();",
          "}",
        ].join("\n"),
      );
      await within(sqlite, async (db) => {
        const migrations = folderOfMigrations(folder, {
          load: async (url) => await import(url),
        });
        const { findings, ignored } = await lintMigrations(db, migrations);
        const drops = findings.filter(({ rule }) => rule === "drop-table");
        assert.deepEqual(
          drops.map(({ file, line, statement, sql }) => [file, line, statement, sql]),
          [["001_users.sql", 5, 2, "drop\n  table teams"]],
        );
        assert.deepEqual(
          ignored.map(({ rule, migration, because }) => [rule, migration, because]),
          [
            ["drop-table", "001_users", "release 12 does not use it"],
            ["drop-column", "002_code", "a test"],
          ],
        );
        assert.ok(!findings.some(({ rule }) => rule === "unused-ignore"));
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("goes on with the schema that the migrations before have made", options, async () => {
    await within(sqlite, async (db) => {
      const { findings } = await lintMigrations(db, [
        createSqlMigration("001_a", "create table t (id integer primary key)"),
        createSqlMigration("002_b", "alter table t rename to u"),
        createSqlMigration("003_c", "drop table u"),
        createSqlMigration("004_d", "drop table t"),
      ]);
      assert.deepEqual(
        findings.filter(({ severity }) => severity === "error")
          .map(({ rule, migration }) => [rule, migration]),
        [["drop-table", "004_d"]],
      );
    });
  });

  it("leaves tables without rows alone", options, async () => {
    await within(sqlite, async (db) => {
      await db.schema.createTable("users").addColumn("id", "integer").execute();
      const migrations = [createSqlMigration("001_drop", "drop table users")];
      const rules = async (emptyTables: string[]) =>
        (await lintMigrations(db, migrations, { emptyTables })).findings.map(({ rule }) => rule);
      assert.ok((await rules([])).includes("drop-table"));
      assert.ok(!(await rules(["users"])).includes("drop-table"));
    });
  });

  it("says where its knowledge ends", options, async () => {
    await within(sqlite, async (db) => {
      const { findings } = await lintMigrations(db, [{
        name: "001_reads",
        async up(db) {
          await db.schema.createTable("t").addColumn("id", "integer").execute();
          await db.selectFrom("t").selectAll().execute();
        },
      }]);
      const [found] = findings.filter(({ rule }) => rule === "nondeterministic-plan");
      assert.match(found!.message, /Nothing behind this point was checked: it reads "t"/);
    });
  });

  it("says that a migration fails which begins a transaction of its own", options, async () => {
    await within(sqlite, async (db) => {
      const { findings } = await lintMigrations(db, [{
        name: "001_nested",
        async up(db) {
          await sql`begin`.execute(db);
        },
      }]);
      const [found] = findings.filter(({ rule }) => rule === "nondeterministic-plan");
      assert.match(found!.message, /it fails: Cannot begin inside of a migration/);
    });
  });

  it("refuses options that it does not have", options, async () => {
    await within(sqlite, async (db) => {
      const wrong: readonly (readonly [object, RegExp])[] = [
        [{ rule: {} }, /option "rule"/],
        [{ rules: { "drop-tabel": "off" } }, /no rule "drop-tabel"/],
        [{ rules: { "drop-table": "bad" } }, /severity of "drop-table"/],
        [{ targetVersion: "newest" }, /targetVersion/],
        [{ parse: true }, /parse/],
      ];
      for (const [options, message] of wrong) {
        await assert.rejects(lintMigrations(db, [], options as never), message);
      }
    });
  });
});
