import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { stop } from "esbuild";
import { bundle } from "../../scripts/bundle.ts";

/** Uses what is imported lazily, and prints what came of it. */
const PROGRAM = `
import { auditPlugin } from "@kysera/audit";
import { nodeSqliteDialect } from "@kysera/dialects";
import { bindContext, createExecutor } from "@kysera/executor";
import { withRetry } from "@kysera/infra/resilience";
import { createRepository, defineRelations } from "@kysera/repository";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
import { timestampsPlugin } from "@kysera/timestamps";
import { Kysely, sql } from "kysely";
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(":memory:");
database.exec(\`
  create table users (id integer primary key, name text unique, org integer, deleted_at text,
    deletion_id text, created_at text, updated_at text);
  create table posts (id integer primary key, user_id integer references users (id), org integer,
    deleted_at text, deletion_id text, created_at text, updated_at text);
\`);
const db = new Kysely({ dialect: nodeSqliteDialect({ database }) });
const own = {
  policies: [filter("all", ({ auth }) => ({ org: auth.tenantId })), allow("all", () => true)],
  stamp: { org: ({ auth }) => auth.tenantId },
};
const executor = await createExecutor(db, [
  softDeletePlugin({ relations: [
    { table: "posts", columns: ["user_id"], references: "users", onDelete: "cascade" },
  ] }),
  timestampsPlugin({ tables: ["users", "posts"] }),
  auditPlugin({ tables: ["users", "posts"] }),
  rlsPlugin({ schema: defineRLSSchema({ users: own, posts: own }) }),
]);
const told = ({ name, code }) => name + ": " + code;

for (const tenantId of [1, 2]) {
  const caller = bindContext(executor, { auth: { userId: 7, roles: [], tenantId } });
  const users = createRepository(caller, { tableName: "users", relations: defineRelations()({
    users: { posts: { type: "hasMany", table: "posts", columns: { id: "user_id" } } },
  }) });
  const user = await users.create({ name: "Ada " + tenantId });
  await caller.insertInto("posts").values({ user_id: user.id }).execute();
  const page = await users.paginateCursor({ include: { posts: true } });
  await caller.batch((b) => ({
    renamed: b.add((db) => db.updateTable("users").set({ name: "Grace " + tenantId })),
  }));
  await softDelete(caller, "users", user.id);
  console.log(JSON.stringify({
    page: page.data.map(({ name, org, created_at, posts }) => [name, org, created_at !== null, posts.length]),
    posts: await caller.selectFrom("posts").selectAll().execute(),
    history: (await users.getAuditHistory(user.id)).map(({ operation }) => operation),
    raw: await sql\`select * from users\`.execute(caller).catch(told),
    taken: await users.create({ name: "Grace " + tenantId }).catch(told),
    retried: await withRetry(({ attempt }) => {
      if (attempt === 1) throw Object.assign(new Error("x"), { code: "ERR_SQLITE_ERROR", errcode: 5 });
      return attempt;
    }, { delayMs: 1 }),
  }));
}
await executor.destroy();
`;

const expected = (tenant: number): unknown => ({
  page: [[`Ada ${tenant}`, tenant, true, 1]],
  posts: [],
  history: ["SOFT_DELETE", "UPDATE", "INSERT"],
  raw: "RawSqlError: RAW_SQL",
  taken: "UniqueConstraintError: VALIDATION_UNIQUE_VIOLATION",
  retried: 2,
});

describe("a bundled program", { skip: process.versions["deno"] === undefined }, () => {
  for (const splitting of [true, false]) {
    const form = splitting ? "whose lazy imports are files of their own" : "of one file";
    it(`${form} does what it does without a bundler`, { timeout: 60_000 }, async () => {
      const folder = mkdtempSync(join(tmpdir(), "kysera-bundle-"));
      try {
        const files = await bundle({ programs: { program: PROGRAM }, withPeers: true, splitting });
        assert.equal(files.length > 1, splitting);
        for (const { name, contents } of files) writeFileSync(join(folder, name), contents);
        const output = execFileSync(
          process.execPath,
          ["run", "-A", "--no-config", "--cached-only", "program.js"],
          { cwd: folder, encoding: "utf8" },
        );
        const lines = output.trim().split("\n").map((line) => JSON.parse(line));
        assert.deepEqual(lines, [expected(1), expected(2)]);
      } finally {
        await stop();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
