import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandLine, type Project, withProject } from "../../_testing/program.ts";
import { inTerminal, whyNoTerminal } from "../../_testing/terminal.ts";

const PLUGIN = `
import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { Kysely } from "kysely";
import { DatabaseSync } from "node:sqlite";
const own = {
  name: "own", version: "1.0.0", appliesTo: ({ name }) => name === "users",
  filter: (users, { eb, context }) => eb(users.column("id"), "=", context.auth?.userId ?? 0),
};
export default { database: { kysely: () => createExecutor(new Kysely({
  dialect: nodeSqliteDialect({ database: new DatabaseSync(new URL("app.db", import.meta.url).pathname) }),
}), [own]) } };`;

async function fill(project: Project): Promise<void> {
  await project.write(
    "migrations/001_a.sql",
    "create table users (id integer); insert into users values (1), (2);",
  );
  const up = await project.json(["migrate", "up", "--url", "sqlite:app.db"]);
  assert.equal(up.code, 0, up.error?.message);
}

describe("kysera db console", () => {
  const url = ["--url", "sqlite:app.db"];
  const console = ["db", "console"];

  it("runs a statement, a query of Kysely, and what comes through a pipe", async () => {
    await withProject(async (project) => {
      await fill(project);
      const one = await project.kysera([...console, ...url, "-q", "select id from users;"]);
      assert.equal(one.stdout, "id\n 1\n 2\n2 rows\n", one.stderr);
      const code = await project.json([
        ...[...console, ...url, "-q", 'db.selectFrom("users").select("id").where("id", "=", 2)'],
      ]);
      assert.deepEqual(code.data, { rows: [{ id: 2 }] });
      const fragment = await project.json([...console, ...url, "-q", "sql`select ${5} as five`"]);
      assert.deepEqual(fragment.data, { rows: [{ five: 5 }] });
      const input = "insert into users values (3); -- ;\nselect ';' as x, count(*) as n from users";
      const piped = await project.kysera([...console, ...url], { input });
      assert.equal(piped.stdout, "1 row changed\nx  n\n;  3\n1 row\n", piped.stderr);
      const wrong = await project.json([...console, ...url, "-q", "selct 1"]);
      assert.equal(wrong.code, 1);
    });
  });

  it("has the plugins of the configuration, for somebody", async () => {
    await withProject(async (project) => {
      await fill(project);
      await project.write("kysera.config.mjs", PLUGIN);
      const query = ["-q", 'db.selectFrom("users").selectAll()'];
      const { stdout, stderr } = await project.kysera([
        ...console,
        ...query,
        "--as",
        '{"userId":2}',
      ]);
      assert.equal(stdout, "id\n 2\n1 row\n", stderr);
      assert.equal((await project.json([...console, ...query, "--as", "{x"])).code, 2);
      assert.equal((await project.json([...console, ...url, ...query, "--as", "{}"])).code, 2);
    });
  });

  it("asks for lines in a terminal", { skip: whyNoTerminal() }, async () => {
    await withProject(async (project) => {
      await fill(project);
      const command = [...commandLine(), ...console, ...url];
      const typed = ["select id", "from users;", ".tables", "selct;", ".exit"];
      const { code, stdout } = await inTerminal(project, command, typed, "> ");
      assert.equal(code, 0, stdout);
      assert.match(stdout, /\.\.\.> .*\bid\b.*\b1\b.*\b2\b.*2 rows/s);
      assert.match(stdout, /syntax error/);
    });
  });

  it(
    "asks before it destroys, in a terminal",
    { skip: whyNoTerminal() },
    async () => {
      await withProject(async (project) => {
        await fill(project);
        const command = [...commandLine(), "migrate", "fresh", ...url];
        const refused = await inTerminal(project, command, ["n"], "Go on?");
        assert.equal(refused.code, 4, refused.stdout);
        assert.match(refused.stdout, /it was not confirmed/);
        const meant = await inTerminal(project, command, ["y"], "Go on?");
        assert.equal(meant.code, 0, meant.stdout);
        const yes = await inTerminal(project, [...command, "--yes"], [], "Go on?");
        assert.equal(yes.code, 0, yes.stdout);
      });
    },
  );
});
