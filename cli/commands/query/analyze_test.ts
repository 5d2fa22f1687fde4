import assert from "node:assert/strict";
import { it } from "node:test";
import { onEveryDialect, type TestDialect } from "../../../tests/support/matrix.ts";
import { withDatabase } from "../../_testing/databases.ts";
import type { Project } from "../../_testing/program.ts";

/** Numbers from 1 to 2,000, whatever the dialect. */
const NUMBERS = `with recursive d (i) as (select 0 union all select i + 1 from d where i < 49),
  n (i) as (select 1 + a.i + 50 * b.i from d as a, d as b where b.i < 40)`;

async function fill(project: Project, { name }: TestDialect): Promise<void> {
  const rows = (columns: string) =>
    name === "mysql"
      ? `insert into users ${NUMBERS} select ${columns} from n`
      : `insert into users select * from (${NUMBERS} select ${columns} from n) as t`;
  await project.write(
    "migrations/001_a.sql",
    `create table users (id integer not null primary key, email varchar(40), state varchar(10),
       team_id integer);
     create table teams (id integer not null primary key, name varchar(20));
     create index users_state on users (state, team_id);
     ${rows("i, concat('u', i), case when i % 2 = 0 then 'on' else 'off' end, i % 7")};
     insert into teams values (1, 'a'), (2, 'b');`,
  );
  if (name === "sqlite") {
    const script = await project.read("migrations/001_a.sql");
    await project.write("migrations/001_a.sql", script.replace("concat('u', i)", "'u' || i"));
  }
  const up = await project.json(["migrate", "up"]);
  assert.equal(up.code, 0, up.error?.message);
  const analyze = { sqlite: "analyze", postgres: "analyze", mysql: "analyze table users, teams" };
  const done = await project.json([
    ...["db", "console", "--query", analyze[name as keyof typeof analyze]],
  ]);
  assert.equal(done.code, 0, done.error?.message);
}

onEveryDialect("kysera query analyze", (dialect) => {
  const q = (text: string) => dialect.name === "mysql" ? text.replaceAll('"', "`") : text;
  const ids = (answer: any) => answer.data.findings.map(({ check }: any) => check);

  it("finds what a statement lacks, and says what mends it", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await fill(project, dialect);
      const ask = (statement: string, ...more: string[]) =>
        project.json(["query", "analyze", "-q", statement, ...more]);
      const scan = await ask("select id from users u where u.email = 'where team_id = 1'");
      assert.equal(scan.code, 3, scan.error?.message);
      assert.deepEqual(ids(scan), ["full-scan"]);
      assert.deepEqual(scan.data.findings[0].table, "users");
      assert.equal(
        scan.data.findings[0].fix,
        q('create index "users_email_index" on "users" ("email");'),
      );
      assert.equal(scan.data.reads[0].how, "scan");
      assert.ok(scan.data.reads[0].rows > 1000);

      // What it advises is what helps.
      const made = await project.json(["db", "console", "-q", scan.data.findings[0].fix]);
      assert.equal(made.code, 0, made.error?.message);
      const mended = await ask("select id from users u where u.email = 'u7'");
      assert.deepEqual([mended.code, ids(mended)], [0, []]);
      assert.equal(mended.data.reads[0].index, "users_email_index");

      const small = await ask("select id from teams where name = 'a'");
      assert.equal(small.code, 0, small.error?.message);
      assert.ok(small.data.findings.every(({ severity }: any) => severity === "info"));

      const sorted = await ask("select id from users order by team_id, email desc limit 5");
      assert.ok(ids(sorted).includes("sort-without-index"), ids(sorted).join());
      assert.match(
        sorted.data.findings.find(({ check }: any) => check === "sort-without-index").fix,
        /\(.team_id., .email.\)/,
      );
    });
  });

  it("finds what is wrong with a text", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await fill(project, dialect);
      for (
        const [statement, check] of [
          ["select * from users where id = 1", "select-all"],
          ["select id from users where email like '%x'", "leading-wildcard"],
          ["select id from users order by id limit 5 offset 1500", "large-offset"],
          ["select id from users where team_id not in (select id from teams)", "not-in-subquery"],
          [
            `select id from users order by ${dialect.name === "mysql" ? "rand" : "random"}()`,
            "random-order",
          ],
          ["delete from users", "changes-all"],
          ["update users set state = 'where'", "changes-all"],
          ["select u.id from users u, teams t", "cross-join"],
        ] as const
      ) {
        const answer = await project.json(["query", "analyze", "-q", statement]);
        assert.ok(answer.data, `${statement}: ${answer.error?.message}`);
        assert.ok(ids(answer).includes(check), `${statement}: ${ids(answer)}`);
      }
      const quiet = await project.json([
        ...["query", "analyze", "--no-suggestions", "-q", "delete from users"],
      ]);
      assert.deepEqual([quiet.code, quiet.data.findings], [0, []]);
    });
  });

  it("measures, lists indexes, and changes nothing", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await fill(project, dialect);
      await project.write("q.sql", "delete from users where email like 'u3%'; -- some\n");
      const file = ["query", "analyze", "-f", "q.sql", "--benchmark", "3", "--indexes"];
      const measured = await project.json(file);
      assert.ok(measured.data, measured.error?.message);
      assert.ok(measured.data.times.least <= measured.data.times.most);
      assert.deepEqual(measured.data.indexes, [
        { table: "users", indexes: ["primary key (id)", "users_state (state, team_id)"] },
      ]);
      const shown = await project.on(dialect)(file);
      assert.match(
        shown.stdout,
        /^users: all of about \d+ rows\nIndexes of users: primary key/,
        shown.stderr,
      );
      assert.match(shown.stdout, /\n3 runs: .* ms at least/);
      assert.match(shown.stdout, /\nwarning All rows of "users" are read, .*\(full-scan\)\n/);
      const { data } = await project.json(["db", "tables", "--count"]);
      assert.equal(data.tables.find(({ name }: any) => name === "users").rows, 2000);
      const run = await project.json(["query", "analyze", "-f", "q.sql", "--analyze"]);
      if (dialect.name === "postgres") assert.equal(run.code, 3, run.error?.message);
      else assert.equal(run.code, 2);
      assert.equal((await project.json(["query", "analyze"])).code, 2);
      assert.equal((await project.json(["query", "analyze", "-q", "selec 1"])).code, 1);
      const ddl = await project.json(["query", "analyze", "-q", "drop table users", "-b", "1"]);
      if (dialect.name !== "sqlite") assert.equal(ddl.code, 1);
      const after = await project.json(["db", "tables"]);
      assert.ok(after.data.tables.some(({ name }: any) => name === "users"));
    });
  });
}, ["sqlite", "postgres", "mysql"]);
