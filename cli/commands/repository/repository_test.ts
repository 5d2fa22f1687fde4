import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onEveryDialect } from "../../../tests/support/matrix.ts";
import { type ProjectDatabase, withDatabase } from "../../_testing/databases.ts";
import { withProject } from "../../_testing/program.ts";

const USERS = `
import { createRepository, json } from "@kysera/repository";
import * as z from "zod";
export const NewUser = z.object({ email: z.string(), name: z.string().optional(), nick: z.string() });
export function usersOf(db) {
  return createRepository(db, { tableName: "users", schemas: { create: NewUser } });
}
export function purge(db) { return db.deleteFrom("users").execute(); }
export const postsOf = (db) => ({
  ...createRepository(db, {
    tableName: "posts", primaryKey: "slug", codecs: { tags: json() }, versionColumn: "version",
  }),
  findDrafts() { return []; },
});
export async function brokenRepository(db) {
  const users = createRepository(db, { tableName: "users" });
  await users.deleteMany({});
  return users;
}
`;

const GOOD = `
import { createRepository, ContextAwareRepository } from "@kysera/repository";
import * as z from "zod";
export const teamsOf = (db) => createRepository(db, {
  tableName: "teams",
  schemas: { create: z.object({ name: z.string(), size: z.number().optional() }) },
});
export class Members extends ContextAwareRepository {
  constructor(db) { super(db, "teams"); }
  findOldest() { return null; }
}
`;

async function fill({ project }: ProjectDatabase, serial: string): Promise<void> {
  await project.write(
    "migrations/001_a.sql",
    `
    create table users (id ${serial}, email varchar(50) not null unique, name varchar(50) not null);
    create table posts (id ${serial}, slug varchar(50) not null, title varchar(50));
    create table teams (id ${serial}, name varchar(50) not null, size integer);`,
  );
  const up = await project.json(["migrate", "up"]);
  assert.equal(up.code, 0, up.error?.message);
  await project.write("src/users.mjs", USERS);
  await project.write("src/teams/teams.mjs", GOOD);
  // What does not import the package is not loaded.
  await project.write("src/main.mjs", "throw new Error('it was started');");
}

const SERIALS: Readonly<Record<string, string>> = {
  sqlite: "integer primary key",
  postgres: "serial primary key",
  mysql: "integer primary key auto_increment",
};

onEveryDialect("kysera repository", (dialect) => {
  it("lists, inspects and validates what modules export", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, SERIALS[dialect.name]!);
      const list = await project.on(dialect)(["repository", "list"]);
      assert.equal(list.code, 0, list.stderr);
      const lines = list.stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
      assert.deepEqual(lines[0]!.slice(0, 3), ["Name", "Table", "Key"]);
      assert.deepEqual(
        lines.slice(1).map(([name, table, key]) => `${name} ${table} ${key}`).sort(),
        ["Members teams id", "postsOf posts slug", "teamsOf teams id", "usersOf users id"],
      );
      assert.match(list.stderr, /brokenRepository of src.users\.mjs creates no repository/);

      const posts = await project.json(["repository", "inspect", "posts", "--show-database"]);
      assert.equal(posts.code, 0, posts.error?.message);
      const [inspected] = posts.data.repositories;
      assert.deepEqual(inspected.codecs, ["tags"]);
      assert.equal(inspected.versionColumn, "version");
      assert.deepEqual(inspected.columns.map(({ name }: { name: string }) => name), [
        ...["id", "slug", "title"],
      ]);
      const users = await project.json(["repository", "inspect", "usersOf"]);
      assert.deepEqual(users.data.repositories[0].schemas, {
        create: { fields: ["email", "name", "nick"], required: ["email", "nick"] },
      });
      assert.equal((await project.json(["repository", "inspect", "user"])).code, 2);

      const methods = await project.json(["repository", "methods", "-r", "posts"]);
      const from = new Map(
        methods.data.repositories[0].methods.map(
          (method: { name: string; from: string }) => [method.name, method.from],
        ),
      );
      assert.equal(from.get("findById"), "repository");
      assert.equal(from.get("findDrafts"), "own");

      const validated = await project.json(["repository", "validate"]);
      assert.equal(validated.code, 3, JSON.stringify(validated));
      const findings = validated.data.repositories.flatMap(
        ({ name, findings }: { name: string; findings: { code: string; message: string }[] }) =>
          findings.map(({ code, message }) =>
            `${name} ${code} ${
              /"(\w+)"(?: has to| has no|, which|: nothing)/.exec(message)?.[1] ?? ""
            }`
          ),
      );
      assert.deepEqual(findings.sort(), [
        "postsOf column-not-found posts",
        "postsOf column-not-found posts",
        "postsOf key-not-unique slug",
        "postsOf no-schema ",
        "usersOf column-not-found users",
        "usersOf optional-field name",
      ]);
      const good = ["repository", "validate", "-d", "src/teams"];
      const fits = await project.json(good);
      assert.equal(fits.code, 0, JSON.stringify(fits.data));
      const file = await project.json(["repository", "list", "-f", "src/teams/teams.mjs"]);
      assert.equal(file.data.repositories.length, 2);
      const pattern = await project.json(["repository", "list", "-p", "**/team*"]);
      assert.equal(pattern.data.repositories.length, 2);
      assert.equal((await project.json(["repository", "list", "-d", "nowhere"])).code, 2);
    });
  });
}, ["sqlite", "postgres", "mysql"]);

describe("kysera repository", () => {
  it("knows what plugins add to repositories, and what they set in new rows", async () => {
    await withProject(async (project) => {
      await project.write(
        "migrations/001_a.sql",
        `create table notes (
          id integer primary key, note_text text not null, created_at text not null,
          updated_at text not null, deleted_at text
        );`,
      );
      const up = await project.json(["migrate", "up", "--url", "sqlite:app.db"]);
      assert.equal(up.code, 0, up.error?.message);
      await project.write(
        "kysera.config.mjs",
        `import { nodeSqliteDialect } from "@kysera/dialects";
import { createExecutor } from "@kysera/executor";
import { softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { CamelCasePlugin, Kysely } from "kysely";
import { DatabaseSync } from "node:sqlite";
const path = new URL("app.db", import.meta.url).pathname;
export default { database: { kysely: () => createExecutor(
  new Kysely({
    dialect: nodeSqliteDialect({ database: () => new DatabaseSync(path) }),
    plugins: [new CamelCasePlugin()],
  }),
  [timestampsPlugin(), softDeletePlugin()],
) } };`,
      );
      await project.write(
        "src/notes.mjs",
        `import { createRepository } from "@kysera/repository";
import * as z from "zod";
export const notesOf = (db) => createRepository(db, {
  tableName: "notes", schemas: { create: z.object({ noteText: z.string() }) },
});`,
      );
      const validated = await project.json(["repository", "validate", "--strict"]);
      assert.deepEqual([validated.code, validated.data], [0, {
        repositories: [{ name: "notesOf", file: "src/notes.mjs", table: "notes", findings: [] }],
      }], JSON.stringify(validated));
      const args = ["repository", "methods", "--filter", "*Delete*"];
      const { stdout } = await project.kysera(args);
      assert.match(stdout, /^notesOf notes\n {2}@kysera\/soft-delete\n {4}.*\bsoftDelete\b/);
      const { stdout: page } = await project.kysera([...args, "--markdown"]);
      assert.match(page, /^### notesOf\n\n\| method \| from \|\n/);
    });
  });
});
