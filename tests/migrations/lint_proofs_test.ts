import { createSqlMigration } from "@kysera/migrations";
import { lintMigrations, type LintOptions } from "@kysera/migrations/lint";
import { CompiledQuery, type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect } from "../support/matrix.ts";

/** What a rule warns of, seen on a database. */
interface Proof {
  readonly rule: string;
  /** What is there before. */
  readonly given: readonly string[];
  /** What the rule finds something in. */
  readonly statements: readonly string[];
  readonly options?: LintOptions;
  /** Whether the statements run in a transaction. */
  readonly inTransaction?: true;
  /** The database refuses the last statement with this code, or text. */
  readonly refused?: RegExp;
  /** What is so behind them. */
  readonly then?: (db: Kysely<any>) => Promise<unknown>;
}

const count = async (db: Kysely<any>, table: string): Promise<number> =>
  (await db.selectFrom(table).selectAll().execute()).length;
const refuses = async (db: Kysely<any>, text: string, code: RegExp): Promise<void> => {
  await assert.rejects(send(db, text), (error) => codeOf(error, code));
};

const USERS = [
  "create table users (id int primary key, name varchar(50))",
  "insert into users values (1, 'Ada'), (2, 'Ada'), (3, null)",
];
const SOFT_DELETED = [
  "create table users (id int primary key, email varchar(50), deleted_at varchar(50))",
  "insert into users values (1, 'a', '2026-01-01')",
];
const SOFT: LintOptions = { plugins: { softDelete: { tables: ["users"] } } };
const LONG = "a".repeat(70);

const PROOFS: Readonly<Record<"postgres" | "mysql" | "sqlite", readonly Proof[]>> = {
  postgres: [
    {
      rule: "add-required-column",
      given: USERS,
      statements: ["alter table users add a int not null"],
      refused: /23502/,
    },
    {
      rule: "set-not-null",
      given: USERS,
      statements: ["alter table users alter name set not null"],
      refused: /23502/,
    },
    {
      rule: "unique-on-existing",
      given: USERS,
      statements: ["create unique index u on users (name)"],
      refused: /23505/,
    },
    {
      rule: "narrow-type",
      given: USERS,
      statements: ["alter table users alter name type varchar(2)"],
      refused: /22001/,
    },
    {
      rule: "truncate-cascade",
      given: [
        ...USERS,
        "create table posts (user_id int references users)",
        "insert into posts values (1)",
      ],
      statements: ["truncate users cascade"],
      then: async (db) => assert.equal(await count(db, "posts"), 0),
    },
    {
      rule: "concurrent-in-transaction",
      given: USERS,
      statements: ["create index concurrently i on users (name)"],
      inTransaction: true,
      refused: /25001/,
    },
    {
      rule: "leftover-invalid-index",
      given: USERS,
      statements: ["create index concurrently if not exists u on users (name)"],
      // The build that fails is part of the story: the rule finds what would hide it.
      then: async (db) => {
        await send(db, "drop index u");
        await refuses(db, "create unique index concurrently u on users (name)", /23505/);
        await send(db, "create unique index concurrently if not exists u on users (name)");
        const { rows } = await sql<{ valid: boolean }>`
          select indisvalid as valid from pg_index where indexrelid = to_regclass('u')`.execute(db);
        assert.deepEqual(rows, [{ valid: false }]);
      },
    },
    {
      rule: "enum-value-used-in-same-tx",
      given: ["create type mood as enum ('good')", "create table m (mood mood)"],
      statements: ["alter type mood add value 'bad'", "insert into m values ('bad')"],
      inTransaction: true,
      refused: /55P04/,
    },
    {
      rule: "identifier-too-long",
      given: [],
      statements: [`create table ${LONG} (id int primary key)`],
      then: async (db) => assert.equal(await count(db, LONG.slice(0, 63)), 0),
    },
    {
      rule: "json-not-jsonb",
      given: USERS,
      statements: ["alter table users add a json"],
      then: (db) => refuses(db, "select distinct a from users", /42883/),
    },
    {
      rule: "char-n",
      given: USERS,
      statements: ["alter table users add a char(5) default 'x'"],
      then: async (db) => {
        const { rows } = await sql<{ a: string }>`select distinct a from users`.execute(db);
        assert.deepEqual(rows, [{ a: "x    " }]);
      },
    },
    {
      rule: "unique-with-soft-delete",
      given: SOFT_DELETED,
      statements: ["create unique index u on users (email)"],
      options: SOFT,
      then: (db) => refuses(db, "insert into users values (2, 'a', null)", /23505/),
    },
    {
      rule: "rls-enabled-no-policy",
      given: [...USERS, "create role kysera_lint_nobody"],
      statements: ["alter table users enable row level security"],
      then: async (db) => {
        try {
          await send(db, "grant usage on schema public to kysera_lint_nobody").catch(() => {});
          await db.transaction().execute(async (trx) => {
            const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(
              trx,
            );
            await sql`grant usage on schema ${sql.id(rows[0]!.name)} to kysera_lint_nobody`
              .execute(trx);
            await sql`grant select on users to kysera_lint_nobody`.execute(trx);
            await sql`set local role kysera_lint_nobody`.execute(trx);
            assert.equal(await count(trx, "users"), 0);
          });
        } finally {
          await send(db, "drop owned by kysera_lint_nobody");
          await send(db, "drop role kysera_lint_nobody");
        }
      },
    },
  ],
  mysql: [
    {
      rule: "add-required-column",
      given: USERS,
      statements: ["alter table users add a varchar(5) not null"],
      // Nobody chose that value.
      then: async (db) => {
        const { rows } = await sql<{ a: string }>`select distinct a from users`.execute(db);
        assert.deepEqual(rows.map(({ a }) => a), [""]);
      },
    },
    {
      rule: "set-not-null",
      given: USERS,
      statements: ["alter table users modify name varchar(50) not null"],
      refused: /1265|1138|ER_INVALID_USE_OF_NULL|WARN_DATA_TRUNCATED/,
    },
    {
      rule: "identifier-too-long",
      given: [],
      statements: [`create table ${LONG} (id int primary key)`],
      refused: /1059|1103/,
    },
    {
      rule: "enum-remove",
      given: ["create table e (a enum('x', 'y'))", "insert into e values ('y')"],
      statements: ["alter table e modify a enum('x')"],
      refused: /1265/,
    },
    {
      rule: "utf8mb3",
      given: [],
      statements: ["create table t (id int primary key, a text) default charset = utf8mb3"],
      then: (db) => refuses(db, "insert into t values (1, '\u{1F600}')", /1366/),
    },
    {
      rule: "timestamp-2038",
      given: [],
      statements: ["create table t (id int primary key, a timestamp null)"],
      then: (db) => refuses(db, "insert into t values (1, '2039-01-01 00:00:00')", /1292/),
    },
    {
      rule: "multi-ddl-migration",
      given: USERS,
      statements: ["create table t (id int primary key)", "create unique index u on users (name)"],
      inTransaction: true,
      refused: /1062/,
      then: async (db) => assert.equal(await count(db, "t"), 0),
    },
    {
      rule: "unique-with-soft-delete",
      given: SOFT_DELETED,
      statements: ["create unique index u on users (email)"],
      options: SOFT,
      then: (db) => refuses(db, "insert into users values (2, 'a', null)", /1062/),
    },
  ],
  sqlite: [
    {
      rule: "not-null-without-default",
      given: USERS,
      statements: ["alter table users add a int not null"],
      refused: /NOT NULL/,
    },
    {
      rule: "alter-needs-rebuild",
      given: USERS,
      statements: ["alter table users add a int unique"],
      refused: /UNIQUE/,
    },
    {
      rule: "alter-needs-rebuild",
      given: USERS,
      statements: ["alter table users add a text default current_timestamp"],
      refused: /non-constant default/,
    },
    {
      rule: "alter-needs-rebuild",
      given: USERS,
      statements: ["alter table users alter column name type text"],
      refused: /syntax error/,
    },
    {
      rule: "foreign-keys-in-tx",
      given: ["pragma foreign_keys = on"],
      statements: ["pragma foreign_keys = off"],
      inTransaction: true,
      then: async (db) => {
        const { rows } = await sql`pragma foreign_keys`.execute(db);
        assert.deepEqual(rows.map((row) => ({ ...row as object })), [{ foreign_keys: 1 }]);
      },
    },
    {
      rule: "rebuild-loses-triggers",
      given: [...USERS, "create trigger t after insert on users begin select 1; end"],
      statements: [
        "create table new_users (id int primary key)",
        "drop table users",
        "alter table new_users rename to users",
      ],
      then: async (db) => {
        const { rows } = await sql`select name from sqlite_master where type = 'trigger'`.execute(
          db,
        );
        assert.deepEqual(rows, []);
      },
    },
    {
      rule: "non-strict-table",
      given: [],
      statements: ["create table t (id int primary key, n int)"],
      then: (db) => send(db, "insert into t values (1, 'no number')"),
    },
    {
      rule: "without-autoincrement-reuse",
      given: [],
      statements: ["create table t (id integer primary key, n int)"],
      then: async (db) => {
        for (
          const text of [
            "insert into t (n) values (1)",
            "delete from t",
            "insert into t (n) values (2)",
          ]
        ) {
          await send(db, text);
        }
        const rows = await db.selectFrom("t").select("id").execute();
        assert.deepEqual(rows.map(({ id }) => id), [1]);
      },
    },
    {
      rule: "unique-with-soft-delete",
      given: SOFT_DELETED,
      statements: ["create unique index u on users (email)"],
      options: SOFT,
      then: (db) => refuses(db, "insert into users values (2, 'a', null)", /UNIQUE/),
    },
  ],
};

async function send(db: Kysely<any>, text: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(text));
}

function codeOf(error: unknown, wanted: RegExp): true {
  const { code, errno, message } = error as { code?: unknown; errno?: unknown; message?: unknown };
  assert.match(`${code} ${errno} ${message}`, wanted);
  return true;
}

onEveryDialect("what the linter warns of", (dialect) => {
  for (const proof of PROOFS[dialect.dialect]) {
    const { rule, given, statements, refused, then } = proof;
    it(`happens: ${rule}`, async () => {
      const { db, close } = await dialect.open({ connections: 1 });
      try {
        for (const text of given) await send(db, text);
        const mark = proof.inTransaction ? "" : "-- transaction: false\n";
        const { findings } = await lintMigrations(
          db,
          [createSqlMigration("001_proof", mark + statements.join(";\n"))],
          proof.options ?? {},
        );
        assert.ok(findings.some((each) => each.rule === rule), findings.map((f) => f.rule).join());
        const run = async (db: Kysely<any>): Promise<void> => {
          for (const text of statements.slice(0, -1)) await send(db, text);
          const last = send(db, statements.at(-1)!);
          if (refused === undefined) await last;
          else {
            await assert.rejects(last, (error) => codeOf(error, refused));
            if (proof.inTransaction) throw new Refused();
          }
        };
        if (proof.inTransaction) {
          await db.transaction().execute(run).catch((error) => {
            if (!(error instanceof Refused)) throw error;
          });
        } else await run(db);
        await then?.(db);
      } finally {
        await close();
      }
    });
  }
}, ["sqlite", "postgres", "mysql"]);

/** Rolls the transaction of a statement back that was refused, as it was expected. */
class Refused extends Error {}
