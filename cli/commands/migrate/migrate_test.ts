import { readSchema } from "@kysera/migrations/schema";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withDatabase } from "../../_testing/databases.ts";
import { type Project, withProject } from "../../_testing/program.ts";
import { onEveryDialect } from "../../../tests/support/matrix.ts";

const USERS = `
  create table users (id integer not null primary key, name varchar(50) not null);
  -- down
  drop table users;`;
const ADMIN = `
  insert into users (id, name) values (1, 'O''Hara; or $1?');
  -- down
  delete from users where id = 1;`;

/** Writes two migrations. */
async function writeMigrations(project: Project): Promise<void> {
  await project.write("migrations/001_users.sql", USERS);
  await project.write("migrations/002_admin.sql", ADMIN);
}

onEveryDialect("kysera migrate", (dialect) => {
  it("applies, undoes and tells", async () => {
    await withDatabase(dialect, async ({ project, name }) => {
      await writeMigrations(project);
      const before = await project.json(["migrate", "status", "--fail-on-pending"]);
      assert.equal(before.code, 3);
      assert.deepEqual(
        [before.data.total, before.data.executed, before.data.pending],
        [2, 0, 2],
      );

      const first = await project.on(dialect)(["migrate", "up", "--steps", "1"]);
      assert.equal(first.code, 0, first.stderr);
      assert.equal(first.stdout, "Applied 1 migration:\n  001_users\n");
      assert.match(first.stderr, /^Applying 001_users\nApplied 001_users in \d+ ms\n$/);

      const rest = await project.on(dialect)(["migrate", "latest", "--quiet"]);
      assert.deepEqual(rest, {
        code: 0,
        stdout: "Applied 1 migration:\n  002_admin\n",
        stderr: "",
      });
      assert.equal((await project.on(dialect)(["migrate", "up"])).stdout, "Nothing to apply\n");

      const after = await project.json(["migrate", "status", "--fail-on-pending"]);
      assert.equal(after.code, 0);
      assert.equal(after.data.migrations[0].status, "executed");
      assert.equal(after.data.database.dialect, dialect.dialect);
      assert.doesNotMatch(after.data.database.connection, /:[^/]*kysera@/);
      assert.match((await project.on(dialect)(["migrate", "status"])).stdout, /^Migration +Status/);

      const down = await project.json(["migrate", "down"]);
      assert.deepEqual(down.data.executed, ["002_admin"]);
      assert.deepEqual((await project.json(["migrate", "to", "002_admin"])).data.executed, [
        "002_admin",
      ]);
      assert.deepEqual((await project.json(["migrate", "to", "001_users"])).data.executed, [
        "002_admin",
      ]);
      assert.deepEqual((await project.json(["migrate", "redo"])).data.executed, ["001_users"]);
      const listed = await project.json(["migrate", "list", "--pending"]);
      assert.deepEqual(listed.data.migrations.map(({ name }: { name: string }) => name), [
        "002_admin",
      ]);

      const refused = await project.json(["migrate", "reset", "--yes"]);
      assert.equal(refused.code, 4);
      assert.match(refused.error.hint!, new RegExp(`--yes --confirm ${name}`));
      assert.equal((await project.json(["migrate", "reset", "--confirm", "x"])).code, 4);
      const confirmed = ["--yes", "--confirm", name];
      const reset = await project.json(["migrate", "reset", "--run", ...confirmed]);
      assert.deepEqual(reset.data.undone.executed, ["001_users"]);
      assert.deepEqual(reset.data.applied.executed, ["001_users", "002_admin"]);

      const fresh = await project.json(["migrate", "fresh", ...confirmed]);
      assert.equal(fresh.code, 0, fresh.error?.message);
      assert.ok(fresh.data.dropped.includes("table users"));
      assert.deepEqual(fresh.data.applied.executed, ["001_users", "002_admin"]);
      const all = await project.json(["migrate", "down", "--all"]);
      assert.deepEqual(all.data.executed, ["002_admin", "001_users"]);
    });
  });

  it("plans without a change, and writes a script that does the same", async () => {
    await withDatabase(dialect, async ({ project, db }) => {
      await project.write("migrations/001_users.sql", USERS);
      await project.write(
        "migrations/002_admin.ts",
        `export async function up(db: any) {
          await db.insertInto("users").values({ id: 1, name: "O'Hara \\\\ ?" }).execute();
        }`,
      );
      const plan = await project.on(dialect)(["migrate", "plan"]);
      assert.equal(plan.code, 0, plan.stderr);
      assert.match(plan.stdout, /create table users/);
      assert.doesNotMatch(plan.stdout, /O'Hara/);
      const dry = await project.json(["migrate", "up", "--dry-run"]);
      assert.equal(dry.data.plan.length, 2);

      const script = await project.json(["migrate", "sql"]);
      const backslash = dialect.dialect === "mysql" ? "\\\\" : "\\";
      assert.match(script.data.sql, /create table users/);
      assert.ok(script.data.sql.includes(`'O''Hara ${backslash} ?'`), script.data.sql);
      const written = await project.json(["migrate", "sql", "--out", "out/up.sql"]);
      assert.equal(await project.read("out/up.sql"), script.data.sql);
      assert.deepEqual(written.data.migrations, ["001_users", "002_admin"]);
      if (db !== undefined) assert.deepEqual((await readSchema(db)).tables, []);
      assert.equal((await project.json(["migrate", "status"])).data.pending, 2);

      const marked = await project.json(["migrate", "mark", "--all", "--applied"]);
      assert.deepEqual(marked.data.marked, ["001_users", "002_admin"]);
      assert.equal((await project.json(["migrate", "status"])).data.pending, 0);
      await project.on(dialect)(["migrate", "mark", "002_admin", "--not-applied"]);
      assert.equal((await project.json(["migrate", "status"])).data.pending, 1);
      assert.equal((await project.json(["migrate", "mark", "002_admin"])).code, 2);
    });
  });

  it("goes on with a migration that stopped halfway, or forgets it", async () => {
    await withDatabase(dialect, async ({ project }) => {
      const script = (last: string) => `
        -- transaction: false
        create table a (id integer);
        ${last}`;
      await project.write("migrations/001_a.sql", script("create tabel b (id integer);"));
      const failed = await project.json(["migrate", "up"]);
      assert.equal(failed.code, 6, JSON.stringify(failed));
      assert.match(failed.error.message, /001_a/);
      assert.match(failed.error.hint!, /1 of its statements is applied/);
      assert.equal((await project.json(["migrate", "up"])).code, 6);
      assert.equal((await project.json(["migrate", "verify"])).code, 3);

      await project.write("migrations/001_a.sql", script("create table b (id integer);"));
      const resumed = await project.json(["migrate", "resume"]);
      assert.deepEqual(resumed.data.executed, ["001_a"]);
      assert.equal((await project.json(["migrate", "verify"])).code, 0);

      await project.write("migrations/001_a.sql", script("create table c (id integer);"));
      const changed = await project.json(["migrate", "verify"]);
      assert.equal(changed.code, 3);
      assert.equal(changed.data.problems[0].kind, "changed");
      const repaired = await project.json(["migrate", "repair"]);
      assert.deepEqual(repaired.data.repaired, ["001_a"]);
      assert.equal((await project.on(dialect)(["migrate", "verify"])).code, 0);
      assert.deepEqual((await project.json(["migrate", "unlock"])).data, { holder: null });
    });
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("kysera migrate --schema", (dialect) => {
  it("means the schema in raw SQL, too", async () => {
    await withDatabase(dialect, async ({ project, db, name }) => {
      await writeMigrations(project);
      const schema = `${name.slice(0, 20)} "two"\\`;
      await db!.schema.createSchema(schema).execute();
      try {
        const up = await project.json(["migrate", "up", "--schema", schema]);
        assert.equal(up.code, 0, up.error?.message);
        const rows = await db!.withSchema(schema).selectFrom("users").select("id").execute();
        assert.deepEqual(rows, [{ id: 1 }]);
        assert.equal((await project.json(["migrate", "status"])).data.pending, 2);
        const status = await project.json(["migrate", "status", "-s", schema]);
        assert.equal(status.data.pending, 0);
        const fresh = await project.json([
          ...["migrate", "fresh", "--schema", schema, "--yes", "--confirm", name],
        ]);
        assert.equal(fresh.code, 0, fresh.error?.message);
        assert.ok(fresh.data.dropped.includes("table users"));
      } finally {
        const drop = db!.schema.dropSchema(schema);
        await (dialect.name === "postgres" ? drop.cascade() : drop).execute();
      }
    });
  });
}, ["postgres", "mysql"]);

describe("kysera migrate", () => {
  it("explains what failed in two lines, and rolls it back", async () => {
    await withProject(async (project) => {
      await project.write("kysera.config.json", '{"database":{"connection":"sqlite:app.db"}}');
      await project.write("migrations/001_a.sql", "create table a (id integer); creat table b;");
      const { code, stderr, stdout } = await project.kysera(["migrate", "up", "--quiet"]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /001_a.*syntax error/);
      assert.ok(stderr.trimEnd().split("\n").length <= 2, stderr);
      assert.equal((await project.json(["migrate", "status"])).data.pending, 1);
    });
  });

  it("creates no database where it only reads", async () => {
    await withProject(async (project) => {
      await project.write("migrations/001_a.sql", "create table a (id integer);");
      const status = await project.json(["migrate", "status", "--url", "sqlite:data/app.db"]);
      assert.equal(status.data.pending, 1);
      await assert.rejects(project.read("data/app.db"), { code: "ENOENT" });
      const up = await project.json(["migrate", "up", "--url", "sqlite:data/app.db"]);
      assert.equal(up.code, 0, up.error?.message);
      assert.ok((await project.read("data/app.db")).length > 0);
    });
  });

  it("leaves nothing half done when it is interrupted", async () => {
    await withProject(async (project) => {
      await project.write("kysera.config.json", '{"database":{"connection":"sqlite:app.db"}}');
      await project.write(
        "migrations/001_slow.ts",
        `export async function up(db: any) {
          await db.schema.createTable("a").addColumn("id", "integer").execute();
          const alive = setInterval(() => {}, 1000);
          await new Promise((resolve) => {
            process.once("SIGINT", () => setTimeout(resolve, 100));
            console.error("The migration listens");
          });
          clearInterval(alive);
          await db.schema.createTable("b").addColumn("id", "integer").execute();
        }`,
      );
      await project.write("migrations/002_next.sql", "create table c (id integer);");
      let isSent = false;
      const { code, stderr } = await project.kysera(["migrate", "up"], {
        onStderr: (text, kill) => {
          if (isSent || !text.includes("The migration listens")) return;
          isSent = true;
          kill("SIGINT");
        },
      });
      assert.equal(code, 130, stderr);
      assert.match(stderr, /Ends where it is safe/);
      const { data } = await project.json(["migrate", "list"]);
      assert.deepEqual(
        data.migrations.map(({ status }: { status: string }) => status),
        ["executed", "pending"],
      );
    });
  });

  it("asks for more where the database looks like one of production", async () => {
    await withProject(async (project) => {
      await project.write(
        "migrations/001_a.sql",
        "create table a (id integer);\n-- down\ndrop table a;",
      );
      const url = ["--url", "sqlite:shop_prod.db"];
      assert.equal((await project.json(["migrate", "up", ...url])).code, 0);
      const refused = await project.json(["migrate", "down", "--yes", ...url]);
      assert.equal(refused.code, 4);
      assert.match(refused.error.message, /looks like production/);
      const named = await project.json([
        ...["migrate", "down", "--yes", "--confirm", "shop_prod.db", ...url],
      ]);
      assert.equal(named.code, 0);
    });
  });
});

describe("kysera migrate create", () => {
  const TEMPLATES = [
    ["create-table", "email:varchar(20):unique,age:integer?"],
    ["add-columns", "city:text?,zip:decimal(10,2)?"],
    ["create-index", "city"],
    ["drop-index", "city"],
    ["drop-columns", "city,zip"],
    ["alter-table", ""],
    ["seed-data", "email"],
    ["default", ""],
  ] as const;

  it("writes migrations that run, and can be undone", async () => {
    await withProject(async (project) => {
      await project.write("kysera.config.json", '{"database":{"connection":"sqlite:app.db"}}');
      const names: string[] = [];
      for (const [template, columns] of TEMPLATES) {
        const created = await project.json([
          ...["migrate", "create", `try ${template}`, "-t", template, "--table", "users"],
          ...columns === "" ? [] : ["--columns", columns],
          ...template === "alter-table" ? ["--no-ts"] : [],
        ]);
        assert.equal(created.code, 0, created.error?.message);
        names.push(created.data.name);
      }
      assert.deepEqual(names, names.toSorted());
      assert.match(names[0]!, /^\d{14}_try_create_table$/);
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      assert.equal((await project.json(["migrate", "down", "--all"])).data.executed.length, 8);
    });
  });

  it("goes on with numbers, and with templates of the project", async () => {
    await withProject(async (project) => {
      await project.write(
        "kysera.config.json",
        '{"migrations":{"directory":"db/migrations","templates":"templates"}}',
      );
      await project.write("templates/view.sql", "create view {{name}} as select 1;");
      await project.write("db/migrations/0009_a.sql", "select 1;");
      const created = await project.json(["migrate", "make", "v", "-t", "view", "--sql"]);
      assert.equal(created.data.name, "0010_v");
      assert.equal(await project.read("db/migrations/0010_v.sql"), "create view v as select 1;");
      const unknown = await project.json(["migrate", "create", "x", "-t", "create-tabel"]);
      assert.equal(unknown.code, 2);
      assert.match(unknown.error.message, /did you mean "create-table"/);
      assert.equal((await project.json(["migrate", "create", "../x"])).code, 2);
    });
  });
});
