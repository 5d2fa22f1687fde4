/**
 * Provokes each kind of database error on real servers, through real drivers, and keeps what the
 * drivers threw as the fixtures beside this file.
 *
 * Needs KYSERA_TEST_POSTGRES_URL and KYSERA_TEST_MYSQL_URL:
 * `deno run -A core/testdata/capture.ts`
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { PGlite } from "@electric-sql/pglite";
import BetterSqlite from "better-sqlite3";
import mysql from "mysql2";
import pg from "pg";
import postgres from "postgres";

/** A value that stands in the rows of every scenario: no message of ours may repeat it. */
const secret = "s3cret";

type Json = null | string | number | boolean | Json[] | { [key: string]: Json };
type Run = (sql: string) => Promise<unknown>;
/** An open session of some driver. */
interface Session {
  run: Run;
  close(): Promise<unknown>;
}

/** The own properties of an error, whether enumerable or not, without its stack. */
function serialise(value: unknown, depth = 0): Json {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol" || value === undefined) return null;
  if (typeof value !== "object" || value === null) return value as Json;
  if (depth > 4) return null;
  if (Array.isArray(value)) return value.map((item) => serialise(item, depth + 1));
  const out: { [key: string]: Json } = {};
  if (value instanceof Error) out.constructorName = value.constructor.name;
  for (const key of Object.getOwnPropertyNames(value)) {
    if (key === "stack") continue;
    const item: unknown = Reflect.get(value, key);
    if (typeof item !== "function" && item !== undefined) out[key] = serialise(item, depth + 1);
  }
  return out;
}

/** Collects one driver's errors. */
class Recorder {
  readonly errors: Record<string, Json> = {};
  async expect(name: string, action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.errors[name] = serialise(error);
      return;
    }
    throw new Error(`Cannot capture "${name}": nothing was thrown`);
  }
  write(driver: string, about: string): void {
    const url = new URL(`./${driver}.json`, import.meta.url);
    const text = JSON.stringify({ driver, about, errors: this.errors }, null, 2);
    // Ports and directories are the capturing machine's own affair.
    const neutral = text.replaceAll(postgresUrl.port, "5432").replaceAll(
      /: \/[^"]*capture-\w+/g,
      "",
    );
    writeFileSync(url, neutral + "\n");
    console.log(driver, Object.keys(this.errors).join(" "));
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The tables of every scenario. `text` is the type of short strings. */
const tables = (text: string, tail = ""): string[] => [
  `create table users (id int primary key, email ${text} not null, tenant int not null default 1,
     name ${text}, age int, constraint users_email_key unique (email),
     constraint users_tenant_name_key unique (tenant, name),
     constraint users_age_check check (age >= 0))${tail}`,
  `create table posts (id int primary key, user_id int not null, title ${text},
     constraint posts_user_id_fkey foreign key (user_id) references users (id))${tail}`,
  `insert into users (id, email, name, age) values (1, '${secret}@example.org', '${secret}', 30)`,
  `insert into users (id, email, name, age) values (2, 'two@example.org', 'two', 30)`,
  "insert into posts (id, user_id, title) values (1, 1, 'first')",
];

/** What goes wrong in one session, whatever the database. */
async function common(record: Recorder, run: Run): Promise<void> {
  const insert = (id: number | null, email: string, name: string, age: number) =>
    run(
      `insert into users (id, email, name, age) values (${id}, ${email}, '${name}', ${age})`,
    );
  await record.expect("unique", () => insert(3, `'${secret}@example.org'`, "x", 1));
  await record.expect("unique_composite", () => insert(3, "'x@example.org'", secret, 1));
  await record.expect("primary_key", () => insert(1, "'x@example.org'", "x", 1));
  await record.expect(
    "foreign_key_insert",
    () => run(`insert into posts (id, user_id, title) values (2, 4711, '${secret}')`),
  );
  await record.expect("foreign_key_delete", () => run("delete from users where id = 1"));
  await record.expect("not_null", () => insert(3, "null", secret, 1));
  await record.expect("check", () => insert(3, `'${secret}'`, secret, -1));
  await record.expect("syntax", () => run(`selec '${secret}'`));
  await record.expect("undefined_table", () => run("select * from nowhere"));
  await record.expect("undefined_column", () => run("select no_such_column from users"));
}

/** What goes wrong between two sessions of a PostgreSQL server. */
async function postgresSessions(
  record: Recorder,
  open: () => Promise<Session>,
  survivesLoss = true,
): Promise<void> {
  const a = await open();
  const b = await open();
  const both = (sql: string) => Promise.all([a.run(sql), b.run(sql)]);
  await both("begin");
  await a.run("update users set age = 1 where id = 1");
  await b.run("update users set age = 1 where id = 2");
  await record.expect("deadlock", async () => {
    const first = a.run("update users set age = 2 where id = 2");
    await sleep(50);
    const results = await Promise.allSettled([
      first,
      b.run("update users set age = 2 where id = 1"),
    ]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
  });
  await both("rollback");

  await both("begin isolation level serializable");
  await both("select sum(age) from users");
  await a.run("update users set age = 5 where id = 1");
  await a.run("commit");
  await record.expect("serialization", () => b.run("update users set age = 6 where id = 1"));
  await record.expect("aborted_transaction", () => b.run("select 1"));
  await b.run("rollback");

  await both("begin");
  await a.run("update users set age = 7 where id = 1");
  await b.run("set local lock_timeout = 20");
  await record.expect("lock_timeout", () => b.run("update users set age = 8 where id = 1"));
  await b.run("rollback");
  await record.expect(
    "lock_nowait",
    () => b.run("select * from users where id = 1 for update nowait"),
  );
  await a.run("rollback");

  await b.run("set statement_timeout = 20");
  await record.expect("statement_timeout", () => b.run("select pg_sleep(5)"));
  await b.run("set statement_timeout = 0");
  const backend = async (session: Session) => {
    const rows = await session.run("select pg_backend_pid() as pid") as { pid: number }[];
    return rows[0]!.pid;
  };
  const pid = await backend(b);
  await record.expect("cancelled", async () => {
    const sleeping = b.run("select pg_sleep(5)");
    sleeping.catch(() => {});
    await sleep(100);
    await a.run(`select pg_cancel_backend(${pid})`);
    await sleeping;
  });
  await record.expect("connection_killed", async () => {
    const sleeping = b.run("select pg_sleep(5)");
    sleeping.catch(() => {});
    await sleep(100);
    await a.run(`select pg_terminate_backend(${pid})`);
    await sleeping;
  });
  await sleep(50);
  if (survivesLoss) await record.expect("connection_lost", () => b.run("select 1"));
  await a.close();
  await b.close().catch(() => {});
}

/** What goes wrong in one session of PostgreSQL only. */
async function postgresOnly(record: Recorder, run: Run): Promise<void> {
  await run("create unique index users_lower_name_key on users (lower(name), tenant)");
  await record.expect(
    "unique_expression",
    () => run(`insert into users values (9, 'x@example.org', 1, '${secret.toUpperCase()}', 1)`),
  );
  await run(`create table "Odd Names" ("User Id" int, "a)=(b" text, unique ("User Id", "a)=(b"))`);
  await run(`insert into "Odd Names" values (1, '${secret}')`);
  await record.expect(
    "unique_quoted",
    () => run(`insert into "Odd Names" values (1, '${secret}')`),
  );
  await run(
    "create table locks (id int, during int4range, constraint locks_during exclude using gist (during with &&))",
  );
  await run("insert into locks values (1, '[1,5)')");
  await record.expect("exclusion", () => run("insert into locks values (1, '[2,6)')"));
  await run(
    "create table tree (id int primary key, parent int constraint tree_parent_fkey references tree (id) on delete restrict)",
  );
  await run("insert into tree values (1, null), (2, 1)");
  await record.expect("foreign_key_restrict", () => run("delete from tree where id = 1"));
  await record.expect("invalid_value", () => run(`select cast('${secret}' as int)`));
  await record.expect("out_of_range", () => run("insert into users (id) values (99999999999)"));
  await run("create table short (word varchar(3))");
  await record.expect("too_long", () => run(`insert into short values ('${secret}')`));
  await run("begin read only");
  await record.expect("read_only", () => run("delete from posts"));
  await run("rollback");
}

const postgresUrl = new URL(process.env.KYSERA_TEST_POSTGRES_URL!);
const mysqlUrl = new URL(process.env.KYSERA_TEST_MYSQL_URL!);

/** Makes an empty PostgreSQL database, and gives its URL and how to drop it. */
async function postgresDatabase(): Promise<{ url: URL; version: string; drop(): Promise<void> }> {
  const admin = new pg.Client({ connectionString: postgresUrl.href });
  await admin.connect();
  const version = (await admin.query("show server_version")).rows[0].server_version as string;
  await admin.query("drop database if exists kysera_capture");
  await admin.query("create database kysera_capture");
  const url = new URL(postgresUrl);
  url.pathname = "/kysera_capture";
  return {
    url,
    version: version.split(" ")[0]!,
    async drop() {
      await admin.query("drop database kysera_capture with (force)");
      await admin.end();
    },
  };
}

async function capturePg(): Promise<void> {
  const database = await postgresDatabase();
  const record = new Recorder();
  const open = async (): Promise<Session> => {
    const client = new pg.Client({ connectionString: database.url.href });
    client.on("error", () => {});
    await client.connect();
    return {
      run: async (sql) => {
        const result = await client.query(sql);
        return result.rows;
      },
      close: () => client.end(),
    };
  };
  const session = await open();
  for (const sql of tables("varchar(40)")) await session.run(sql);
  await common(record, session.run);
  await postgresOnly(record, session.run);
  await session.close();
  await postgresSessions(record, open);
  const connect = (options: pg.ClientConfig) => new pg.Client(options).connect();
  await record.expect("connection_refused", () => connect({ host: "127.0.0.1", port: 1 }));
  await record.expect("connection_refused_all", () => connect({ host: "localhost", port: 1 }));
  const missing = new URL(database.url);
  missing.pathname = "/nowhere";
  await record.expect("unknown_database", () => connect({ connectionString: missing.href }));
  missing.username = "nobody_at_all";
  await record.expect("unknown_user", () => connect({ connectionString: missing.href }));
  const pool = new pg.Pool({
    connectionString: database.url.href,
    max: 1,
    connectionTimeoutMillis: 30,
  });
  const held = await pool.connect();
  await record.expect("pool_exhausted", () => pool.connect());
  held.release();
  await pool.end();
  const slow = new pg.Client({ connectionString: database.url.href, query_timeout: 20 });
  slow.on("error", () => {});
  await slow.connect();
  await record.expect("driver_timeout", () => slow.query("select pg_sleep(1)"));
  await slow.end();
  await database.drop();
  record.write("pg", `pg on PostgreSQL ${database.version}`);
}

async function capturePostgresJs(): Promise<void> {
  const database = await postgresDatabase();
  const record = new Recorder();
  const options = { max: 1, onnotice: () => {}, idle_timeout: 0 };
  const open = (): Promise<Session> => {
    const sql = postgres(database.url.href, options);
    return sql.reserve().then((reserved) => ({
      run: async (text: string) => [...await reserved.unsafe(text)],
      close: () => sql.end({ timeout: 0 }),
    }));
  };
  const session = await open();
  for (const sql of tables("varchar(40)")) await session.run(sql);
  await common(record, session.run);
  await postgresOnly(record, session.run);
  await session.close();
  const bound = postgres(database.url.href, options);
  await record.expect(
    "unique_bound",
    () => bound`insert into users (id, email) values (3, ${secret + "@example.org"})`,
  );
  await bound.end();
  await record.expect("connection_ended", () => bound`select 1`);
  // A reserved connection that was lost throws outside the promise of its next query.
  await postgresSessions(record, open, false);
  const connect = (url: string, more: object = {}) =>
    postgres(url, { ...options, ...more })`select 1`;
  await record.expect(
    "connection_refused",
    () => connect("postgres://postgres@127.0.0.1:1/postgres"),
  );
  const missing = new URL(database.url);
  missing.pathname = "/nowhere";
  await record.expect("unknown_database", () => connect(missing.href));
  await database.drop();
  record.write("postgres", `postgres on PostgreSQL ${database.version}`);
}

async function capturePglite(): Promise<void> {
  const record = new Recorder();
  const db = await PGlite.create();
  const run: Run = async (sql) => {
    const result = await db.query(sql);
    return result.rows;
  };
  for (const sql of tables("varchar(40)")) await run(sql);
  await common(record, run);
  await postgresOnly(record, run);
  await run("begin");
  await run("select * from nowhere").catch(() => {});
  await record.expect("aborted_transaction", () => run("select 1"));
  await run("rollback");
  await record.expect(
    "unique_bound",
    () => db.query("insert into users (id, email) values ($1, $2)", [3, `${secret}@example.org`]),
  );
  const version = (await run("show server_version") as { server_version: string }[])[0]!;
  await db.close();
  await record.expect("closed", () => run("select 1"));
  record.write("pglite", `PGlite, PostgreSQL ${version.server_version.split(" ")[0]}`);
}

async function captureMysql(): Promise<void> {
  const record = new Recorder();
  const admin = mysql.createConnection(mysqlUrl.href).promise();
  await admin.query("drop database if exists kysera_capture");
  await admin.query("create database kysera_capture");
  const url = new URL(mysqlUrl);
  url.pathname = "/kysera_capture";
  const open = (): Promise<Session> => {
    const connection = mysql.createConnection(url.href);
    connection.on("error", () => {});
    return Promise.resolve({
      run: async (sql: string) => (await connection.promise().query(sql))[0],
      close: () => connection.promise().end(),
    });
  };
  const session = await open();
  const run = session.run;
  for (const sql of tables("varchar(40)", " engine = innodb")) await run(sql);
  await common(record, run);
  await record.expect("not_null_default", () => run("insert into users (id) values (3)"));
  await record.expect(
    "invalid_value",
    () => run(`insert into users (id, email) values ('${secret}', 'x')`),
  );
  await record.expect(
    "out_of_range",
    () => run("insert into users (id, email) values (99999999999, 'x')"),
  );
  await record.expect(
    "too_long",
    () => run(`insert into users (id, email) values (3, '${secret.repeat(20)}')`),
  );
  await run(`insert into users (id, email) values (7, 'x'' for key ''${secret}')`);
  await record.expect(
    "unique_quoted",
    () => run(`insert into users (id, email) values (8, 'x'' for key ''${secret}')`),
  );
  await run("start transaction read only");
  await record.expect("read_only", () => run("delete from posts"));
  await run("rollback");
  const bound = mysql.createConnection(url.href).promise();
  await record.expect(
    "unique_bound",
    () =>
      bound.execute("insert into users (id, email) values (?, ?)", [3, `${secret}@example.org`]),
  );
  await bound.end();

  const a = await open();
  const b = await open();
  const both = (sql: string) => Promise.all([a.run(sql), b.run(sql)]);
  await both("start transaction");
  await a.run("update users set age = 1 where id = 1");
  await b.run("update users set age = 1 where id = 2");
  await record.expect("deadlock", async () => {
    const first = a.run("update users set age = 2 where id = 2");
    await sleep(50);
    const second = b.run("update users set age = 2 where id = 1");
    for (const result of await Promise.allSettled([first, second])) {
      if (result.status === "rejected") throw result.reason;
    }
  });
  await both("rollback");

  await both("set session innodb_snapshot_isolation = on");
  await both("start transaction");
  await both("select sum(age) from users");
  await a.run("update users set age = 5 where id = 1");
  await a.run("commit");
  await record.expect("serialization", () => b.run("update users set age = 6 where id = 1"));
  await b.run("rollback");

  await both("start transaction");
  await a.run("update users set age = 7 where id = 1");
  await b.run("set innodb_lock_wait_timeout = 1");
  await record.expect("lock_timeout", () => b.run("update users set age = 8 where id = 1"));
  await record.expect(
    "lock_nowait",
    () => b.run("select * from users where id = 1 for update nowait"),
  );
  await both("rollback");

  await record.expect(
    "statement_timeout",
    () => b.run("set statement max_statement_time = 0.05 for select sleep(1) from users, posts"),
  );
  const id = (await b.run("select connection_id() as id") as { id: number }[])[0]!.id;
  const killed = (how: string) => async () => {
    const sleeping = b.run("select sleep(5) from users");
    sleeping.catch(() => {});
    await sleep(100);
    await a.run(`kill ${how} ${id}`);
    await sleeping;
  };
  await record.expect("cancelled", killed("query"));
  await record.expect("connection_killed", killed("connection"));
  await sleep(50);
  await record.expect("connection_lost", () => b.run("select 1"));
  await a.close();
  await session.close();

  const connect = (options: mysql.ConnectionOptions) =>
    mysql.createConnection(options).promise().query("select 1");
  await record.expect("connection_refused", () => connect({ host: "127.0.0.1", port: 1 }));
  const missing = new URL(url);
  missing.pathname = "/nowhere";
  await record.expect("unknown_database", () => connect({ uri: missing.href }));
  missing.username = "nobody";
  await record.expect("unknown_user", () => connect({ uri: missing.href }));
  const pool = mysql.createPool({ uri: url.href, connectionLimit: 1, waitForConnections: false })
    .promise();
  const held = await pool.getConnection();
  await record.expect("pool_exhausted", () => pool.getConnection());
  held.release();
  await pool.end();
  await record.expect("pool_closed", () => pool.getConnection());
  const [rows] = await admin.query("select version() as version");
  const version = (rows as { version: string }[])[0]!.version.split("-")[0];
  await admin.query("drop database kysera_capture");
  await admin.end();
  record.write("mysql2", `mysql2 on MariaDB ${version}`);
}

/** The little that both SQLite drivers have in common. */
interface SqliteHandle {
  prepare(sql: string): { run(): unknown; get(): unknown };
  close(): unknown;
}

async function captureSqlite(
  driver: string,
  open: (path: string, readOnly?: boolean) => SqliteHandle,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "capture-"));
  const record = new Recorder();
  const path = join(directory, "one.db");
  const db = open(path);
  // Prepared, as Kysely does it: under Deno `exec` of node:sqlite tells no result code.
  const first = (handle: SqliteHandle, sql: string) => handle.prepare(sql).get();
  const exec = (handle: SqliteHandle, sql: string) => handle.prepare(sql).run();
  const run: Run = (sql) => Promise.resolve().then(() => exec(db, sql));
  await run("pragma foreign_keys = on");
  for (const sql of tables("text")) await run(sql);
  await common(record, run);
  await run("create unique index users_lower on users (lower(name))");
  await record.expect(
    "unique_expression",
    () => run(`insert into users values (9, 'x', 2, '${secret.toUpperCase()}', 1)`),
  );
  await run("create table strict_one (id integer primary key, n int) strict");
  await run("insert into strict_one values (1, 1)");
  await record.expect("rowid", () => run("insert into strict_one values (1, 1)"));
  await record.expect("invalid_value", () => run(`insert into strict_one values (2, '${secret}')`));
  await run("create table loose (n int)");
  await run("insert into loose (rowid, n) values (1, 1)");
  await record.expect("rowid_hidden", () => run("insert into loose (rowid, n) values (1, 1)"));
  await run("create table unnamed (age int check (age > 0))");
  await record.expect("check_unnamed", () => run("insert into unnamed values (-5)"));
  await run("create trigger stop before delete on loose begin select raise(abort, 'stop'); end");
  await record.expect("trigger", () => run("delete from loose"));

  const other = open(path);
  first(other, "pragma busy_timeout = 0");
  exec(db, "begin immediate");
  await record.expect("lock_timeout", () => exec(other, "begin immediate"));
  exec(db, "rollback");
  first(db, "pragma journal_mode = wal");
  exec(other, "begin");
  first(other, "select count(*) from users");
  exec(db, "insert into loose values (2)");
  await record.expect("serialization", () => exec(other, "insert into loose values (3)"));
  exec(other, "rollback");
  await record.expect("nested_transaction", () => {
    exec(other, "begin");
    exec(other, "begin");
  });
  exec(other, "rollback");
  other.close();

  const reader = open(path, true);
  await record.expect("read_only", () => exec(reader, "insert into loose values (4)"));
  reader.close();
  await record.expect("cannot_open", () => exec(open(directory), "select 1"));
  writeFileSync(join(directory, "two.db"), "this is not a database ".repeat(100));
  await record.expect("not_a_database", () => {
    exec(open(join(directory, "two.db")), "select * from users");
  });
  const { version } = first(db, "select sqlite_version() as version") as { version: string };
  db.close();
  await record.expect("closed", () => exec(db, "select 1"));
  rmSync(directory, { recursive: true });
  record.write(driver, `${driver}, SQLite ${version}`);
}

await capturePg();
await capturePostgresJs();
await capturePglite();
await captureMysql();
await captureSqlite(
  "node-sqlite",
  (path, readOnly = false) => new DatabaseSync(path, { readOnly }),
);
await captureSqlite(
  "better-sqlite3",
  (path, readonly = false) => new BetterSqlite(path, { readonly }),
);
// Pools of drivers that were refused a connection keep trying.
process.exit(0);
