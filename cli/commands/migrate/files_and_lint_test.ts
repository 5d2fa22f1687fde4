import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sql } from "kysely";
import { withDatabase } from "../../_testing/databases.ts";
import { type Project, withProject } from "../../_testing/program.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

const USERS = `create table users (id integer not null primary key, name varchar(50));
-- down
drop table users;`;
const CONFIG = '{"database":{"connection":"sqlite:app.db"}}';

async function writeUsers(project: Project): Promise<void> {
  await project.write("migrations/001_users.sql", USERS);
  const up = await project.json(["migrate", "up"]);
  assert.equal(up.code, 0, up.error?.message);
}

onEveryDialect("kysera migrate", (dialect) => {
  it("finds what is dangerous in what is not applied", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await writeUsers(project);
      const none = await project.json(["migrate", "lint"]);
      assert.deepEqual([none.code, none.data.findings], [0, []]);
      await project.write("migrations/002_drop.sql", `\n\n${USERS.split("-- down\n")[1]}`);
      const { code, stdout } = await project.on(dialect)(["migrate", "lint"]);
      assert.equal(code, 3);
      assert.match(stdout, /^002_drop\.sql:3 error .*\(drop-table\)$/m);
      assert.match(stdout, /^ {2}Instead: /m);
      const github = await project.on(dialect)(["migrate", "lint", "--format", "github"]);
      assert.match(
        github.stdout,
        /^::error file=migrations\/002_drop\.sql,line=3,title=drop-table::/m,
      );
      const sarif = await project.on(dialect)(["migrate", "lint", "--format", "sarif"]);
      assert.equal(JSON.parse(sarif.stdout).version, "2.1.0");
      const off = await project.json(["migrate", "lint", "--rule", "drop-table=off"]);
      const rules = off.data.findings.map(({ rule }: { rule: string }) => rule);
      assert.ok(!rules.includes("drop-table"), rules.join());
      const wrong = await project.json(["migrate", "lint", "--rule", "drop-tabel=off"]);
      assert.equal(wrong.code, 2);
      assert.equal((await project.json(["migrate", "status"])).data.pending, 1);
    });
  });

  it("dumps the schema", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await writeUsers(project);
      const { code, stdout } = await project.on(dialect)(["migrate", "dump"]);
      assert.equal(code, 0);
      assert.match(stdout, /create table .?users/i);
      await project.json(["migrate", "dump", "--output", "schema.sql"]);
      assert.equal(await project.read("schema.sql"), stdout);
    });
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("kysera migrate", (dialect) => {
  it("finds drift, and proves that down undoes up", async () => {
    await withDatabase(dialect, async ({ project, url, db }) => {
      await writeUsers(project);
      const same = await project.json(["migrate", "drift"]);
      assert.deepEqual([same.code, same.data?.findings], [0, []], same.error?.message);
      const quick = "create index quick on users (name)";
      if (db !== undefined) await sql.raw(quick).execute(db);
      else {
        await project.write("other/001_quick.sql", quick);
        await project.write(
          "other.json",
          JSON.stringify({
            database: { connection: url },
            migrations: { directory: "other", tableName: "other" },
          }),
        );
        assert.equal((await project.json(["migrate", "up", "-c", "other.json"])).code, 0);
      }
      const drift = await project.on(dialect)(["migrate", "drift"]);
      assert.equal(drift.code, 3, drift.stderr);
      assert.match(drift.stdout, /^index users\.quick: added.*\n {2}.*no migration makes it/m);

      await project.write(
        "migrations/002_more.sql",
        "create table more (id integer);\n-- down\nselect 1;",
      );
      const proof = await project.on(dialect)(["migrate", "verify", "--proof"]);
      assert.equal(proof.code, 3, proof.stderr);
      assert.match(
        proof.stdout,
        /^The migrations fit the history\n"002_more" down leaves: table more/,
      );
      assert.match(proof.stdout, /^1 migration can be undone$/m);
      const inSchema = ["--scratch", "schema"];
      const again = await project.json(["migrate", "verify", "--proof", ...inSchema]);
      assert.deepEqual(again.data.proof.verified, ["001_users"]);
    });
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("kysera migrate adopt", (dialect) => {
  it("takes the history of another tool over", async () => {
    await withDatabase(dialect, async ({ project, db }) => {
      await project.write("migrations/0000_users.sql", "create table users (id integer);");
      await project.write("migrations/0001_more.sql", "create table more (id integer);");
      await sql`create table kysely_migration (
        name varchar(255) not null primary key, timestamp varchar(255) not null)`.execute(db!);
      await sql`create table kysely_migration_lock (
        id varchar(255) not null primary key, is_locked integer default 0 not null)`.execute(db!);
      await sql`insert into kysely_migration values ('0000_users', '2024-01-01T00:00:00.000Z')`
        .execute(db!);
      const adopt = ["migrate", "adopt", "--from", "kysely"];
      const dry = await project.json([...adopt, "--dry-run"]);
      assert.deepEqual(dry.data?.adopted, ["0000_users"], dry.error?.message);
      const { code, stdout, stderr } = await project.on(dialect)(adopt);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "Took over 1 of kysely_migration:\n  0000_users\n");
      assert.equal((await project.json(["migrate", "status"])).data.pending, 1);
    });
  });
}, ["postgres", "mysql"]);

describe("kysera migrate", () => {
  it("locks the order, and renames what came late", async () => {
    await withProject(async (project) => {
      await project.write("kysera.config.json", CONFIG);
      await project.write("migrations/002_users.sql", USERS);
      const locked = await project.kysera(["migrate", "lock"]);
      assert.equal(locked.stdout, "Locked 1 migration in kysera.lock\n");
      assert.equal((await project.json(["migrate", "up"])).code, 0);
      assert.equal(
        (await project.json(["migrate", "create", "more", "--sql"])).data.name,
        "003_more",
      );
      assert.match(await project.read("migrations/kysera.lock"), /003_more/);

      await project.write("migrations/001_late.sql", "create table late (id integer);");
      const refused = await project.json(["migrate", "status"]);
      assert.equal(refused.code, 2);
      assert.match(refused.error.message, /"001_late" is new/);
      const dry = await project.json(["migrate", "rebase", "--dry-run"]);
      assert.equal(dry.data.renamed[0].from, "001_late");
      const rebased = await project.kysera(["migrate", "rebase"]);
      assert.equal(rebased.code, 0, rebased.stderr);
      assert.match(rebased.stdout, /^Renamed 001_late to 003_late$/m);
      assert.equal((await project.json(["migrate", "up"])).code, 0);
    });
  });

  it("takes rules of the linter from the configuration", async () => {
    await withProject(async (project) => {
      await project.write(
        "kysera.config.json",
        '{"database":{"connection":"sqlite:app.db"},"lint":{"rules":{"drop-table":"warning"}}}',
      );
      await writeUsers(project);
      await project.write("migrations/002_drop.sql", "drop table users;\n-- down\nselect 1;");
      const lint = ["migrate", "lint"];
      const { code, data } = await project.json(lint);
      assert.equal(code, 0, JSON.stringify(data));
      assert.equal((await project.json([...lint, "--strict"])).code, 3);
    });
  });
});
