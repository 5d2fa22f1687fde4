import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { onEveryDialect } from "../../../tests/support/matrix.ts";
import { withDatabase } from "../../_testing/databases.ts";
import type { Project, RunOptions } from "../../_testing/program.ts";

/** What is saved, and by what the round is known that has tried it: another one may come before. */
interface Save {
  readonly run: () => void;
  readonly shows: RegExp;
}

/** Runs the command until each save has been tried; returns the rounds that have tried them. */
async function watch(
  project: Project,
  args: readonly string[],
  saves: readonly Save[],
): Promise<{ readonly rounds: any[]; readonly code: number | null; readonly stderr: string }> {
  const rounds: string[] = [];
  let seen = 0;
  const onStdout: RunOptions["onStdout"] = (text, kill) => {
    // The last line may be under way.
    for (const line of text.split("\n").slice(seen, -1)) {
      seen++;
      if (rounds.length === saves.length || !saves[rounds.length]!.shows.test(line)) continue;
      rounds.push(line);
      if (rounds.length === saves.length) kill("SIGINT");
      else saves[rounds.length]!.run();
    }
  };
  const ended = await project.kysera(["migrate", "watch", "--json", ...args], { onStdout });
  return {
    rounds: rounds.map((line) => JSON.parse(line)),
    code: ended.code,
    stderr: `${ended.stderr}${ended.stdout}`,
  };
}

onEveryDialect("kysera migrate watch", (dialect) => {
  it("tries what is saved, and shows what it changes", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await project.write(
        "migrations/001_users.sql",
        "create table users (id integer primary key);\n-- down\ndrop table users;",
      );
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      const save = (name: string, text: string) =>
        writeFileSync(join(project.folder, "migrations", name), text);
      await project.write("migrations/002_posts.mjs", posts("title", "posts"));
      const { rounds, code, stderr } = await watch(project, ["-o", "db.ts"], [
        { run: () => {}, shows: /title: / },
        { run: () => save("002_posts.mjs", posts("name", "posts")), shows: /name: / },
        { run: () => save("002_posts.mjs", posts("name", "nothing")), shows: /down leaves/ },
        { run: () => save("003_wrong.sql", "create tabel x (id integer);"), shows: /up fails/ },
        {
          run: () => save("003_wrong.sql", "alter table posts add column note text;"),
          shows: /note: /,
        },
      ]);
      assert.equal(code, 130, stderr);
      const [first, second, third, fourth, fifth] = rounds;
      assert.equal(rounds.length, 5, stderr);
      assert.equal(first.failure, undefined, JSON.stringify(first));
      assert.deepEqual(first.migrations.map(({ name }: { name: string }) => name), ["002_posts"]);
      assert.deepEqual(first.migrations[0].problems, []);
      assert.deepEqual(Object.keys(first.migrations[0].times), ["up", "down", "again"]);
      assert.match(first.migrations[0].changes.join("\n"), /posts/);
      assert.match(first.types.join("\n"), /^\+ {3}title: /m);
      assert.match(second.types.join("\n"), /^\+ {3}name: /m);
      assert.match(third.migrations[0].problems.join("\n"), /down leaves: .*posts/);
      assert.match(fourth.migrations[0].problems.join("\n"), /up fails: .*(?:syntax|SQL)/);
      assert.match(fifth.types.join("\n"), /^\+ {3}note: /m);
      assert.deepEqual(fifth.migrations[0].problems, []);
      assert.match(await project.read("db.ts"), /^ {2}note: /m);
      assert.ok(rounds.every(({ milliseconds }) => milliseconds > 0));
      // The database itself is as it was.
      const { data } = await project.json(["db", "tables"]);
      assert.deepEqual(data.tables.map(({ name }: { name: string }) => name), ["users"]);
    });
  });

  it("begins with what is not applied, finds what is dangerous, and leaves no scratch", async () => {
    await withDatabase(dialect, async ({ project }) => {
      await project.write("migrations/001_a.sql", "create table a (id integer, b integer);");
      const up = await project.json(["migrate", "up"]);
      assert.equal(up.code, 0, up.error?.message);
      await project.write("migrations/002_b.sql", "alter table a drop column b;");
      const shown = await project.kysera(["migrate", "watch"], {
        onStdout: (text, kill) => {
          if (text.includes(" ms\n")) kill("SIGINT");
        },
      });
      assert.equal(shown.code, 130, shown.stderr);
      assert.match(shown.stdout, /^002_b up \d+ ms\n {2}.*"?b"?/m);
      assert.match(shown.stdout, /drop-column/);
      assert.match(shown.stderr, /^Watching .*migrations; Ctrl-C ends it/m);
    });
  });
}, ["sqlite", "postgres", "mysql"]);

/** A migration whose down drops some table. */
function posts(column: string, dropped: string): string {
  return `
export const up = (db) => db.schema.createTable("posts")
  .addColumn("id", "integer", (c) => c.primaryKey())
  .addColumn("${column}", "varchar(9)", (c) => c.notNull()).execute();
export const down = (db) => db.schema.dropTable("${dropped}").ifExists().execute();`;
}
