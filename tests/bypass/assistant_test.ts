import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it } from "node:test";
import { defineRLSSchema, filter } from "@kysera/rls";
import { toPostgres } from "@kysera/rls/native";
import { Kysely } from "kysely";
import { type ProjectDatabase, withDatabase } from "../../cli/_testing/databases.ts";
import { withAssistant } from "../../cli/_testing/mcp.ts";
import { nodeSqliteDialect } from "@kysera/dialects";
import { canonical, canonicalRows } from "../oracle/canonical.ts";
import { createRole, runAll } from "../rls/native_role.ts";
import { onEveryDialect, type TestDialect } from "../support/matrix.ts";
import { fuzzPart, runsAll } from "../support/random.ts";
import { type Answered, assistantKysely } from "./_assistant.ts";
import type { BypassCase, Probe } from "./case.ts";
import { everyRow, keyOf } from "./corpus.ts";
import { createTables, fill, GUARDED, snapshot, TENANT } from "./data.ts";
import { SUBJECTS } from "./subjects.ts";

/** The caller whose rows the assistant can see. */
const AS = JSON.stringify({ userId: TENANT, tenantId: TENANT });

onEveryDialect("an assistant that sends the bypass corpus", (dialect) => {
  it("reads no row past plugins", async () => {
    await withRows(dialect, async (database, all, visible) => {
      const { project, url } = database;
      const guarded = GUARDED.filter((name) => dialect.name === "sqlite" || name !== "docs");
      await project.write("kysera.config.mjs", configOf(dialect, url, guarded));
      await withAssistant(
        project,
        ["--config", "kysera.config.mjs", "--as", AS],
        async (assistant) => {
          const answered: Answered = { query: 0, query_sql: 0, refusal: "" };
          const db = assistantKysely(assistant, dialect.dialect, answered);
          await sendCorpus(dialect, { db, visible, all, answered });
          assert.equal(answered.query_sql, 0, "no text of SQL runs where plugins guard the rows");
          assertMany(answered.query, 90);
        },
      );
    });
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("an assistant that sends the bypass corpus as SQL", (dialect) => {
  it("reads no row past policies of PostgreSQL", async () => {
    await withRows(dialect, async ({ project, url }, all, visible) => {
      const role = await createRole(all);
      try {
        const guarded = GUARDED.filter((name) => name !== "docs");
        await runAll(
          all,
          toPostgres(
            defineRLSSchema(Object.fromEntries(
              guarded.map((name) => [name, {
                policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))],
              }]),
            )),
            { schemaName: role.schema },
          ),
        );
        const asRole = new URL(url);
        asRole.searchParams.set(
          "options",
          `-c search_path=${role.schema} -c role=${role.name}`,
        );
        await project.write("kysera.config.mjs", nativeConfig(asRole.href));
        await withAssistant(
          project,
          ["--config", "kysera.config.mjs", "--as", AS],
          async (assistant) => {
            const answered: Answered = { query: 0, query_sql: 0, refusal: "" };
            const db = assistantKysely(assistant, dialect.dialect, answered);
            await sendCorpus(dialect, { db, visible, all, answered });
            assertMany(answered.query, 90);
            assertMany(answered.query_sql, 250);
          },
        );
      } finally {
        await role.drop();
      }
    });
  });
}, ["postgres"]);

/** Sends every case, and compares what comes back with what a database of the visible rows gives. */
async function sendCorpus(
  dialect: TestDialect,
  { db, visible, all, answered }: {
    readonly db: Kysely<any>;
    readonly visible: Kysely<any>;
    readonly all: Kysely<any>;
    readonly answered: Answered;
  },
): Promise<void> {
  const names = await db.selectFrom("users").select("name").orderBy("id").execute();
  assert.deepEqual(names, [{ name: "ann" }, { name: "bob" }, { name: "cat" }]);
  const before = canonical(await snapshot(all));
  const wrong: string[] = [];
  const cases = everyRow().flatMap((row) => row.cases.map((bypass) => ({ row, bypass })));
  for (const { row, bypass } of fuzzPart(cases)) {
    if (bypass.lacks?.[dialect.name] !== undefined) continue;
    const seen = await attempt(() => bypass.run(probeOf(db, dialect)));
    // Nothing was shown; some cases return what they have caught.
    if (seen.error !== undefined || seen.value === `Error: ${answered.refusal}`) continue;
    // What a database gives that has no other rows cannot depend on them.
    const right = await attempt(() => bypass.run(probeOf(visible, dialect)));
    if (bypass.writes === true) await fill(visible, true);
    if (right.error === undefined && show(bypass, seen.value) === show(bypass, right.value)) {
      continue;
    }
    wrong.push(
      `${keyOf(row, bypass)}: ${show(bypass, seen.value)}, and not ` +
        (right.error === undefined ? show(bypass, right.value) : String(right.error)),
    );
  }
  assert.deepEqual(wrong, []);
  assert.equal(canonical(await snapshot(all)), before);
}

/** That nothing wrong was shown says little if nothing was shown. */
function assertMany(answered: number, least: number): void {
  assert.ok(answered >= (runsAll() ? least : 1), `${answered} were answered`);
}

async function attempt(
  run: () => Promise<unknown>,
): Promise<{ readonly value?: unknown; readonly error?: unknown }> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error };
  }
}

function show({ ordered }: BypassCase, value: unknown): string {
  return Array.isArray(value)
    ? canonicalRows(value, ordered === true).join(", ")
    : canonical(value);
}

/** Every handle is the one that is tested: nothing else is there for an assistant. */
function probeOf(db: Kysely<any>, { dialect }: TestDialect): Probe {
  const subject = SUBJECTS.policies;
  return {
    db,
    unbound: db,
    stranger: db,
    bare: db,
    dialect,
    schema: "main",
    guarded: false,
    // An assistant brings no plugins.
    make: () => Promise.reject(new Error("There are no other plugins")),
    plugins: () => [],
    visible: (eb, table, alias = table) => subject.visible(eb, table, alias),
  };
}

/** Runs a test with a project whose database has all rows, and another one with the visible ones. */
async function withRows(
  dialect: TestDialect,
  test: (database: ProjectDatabase, all: Kysely<any>, visible: Kysely<any>) => Promise<void>,
): Promise<void> {
  await withDatabase(dialect, async (database) => {
    const all = database.db ?? openFile(join(database.project.folder, "app.db"));
    const other = await dialect.open();
    try {
      await createTables(all, dialect.dialect, false);
      await createTables(other.db, dialect.dialect, true);
      await test(database, all, other.db);
    } finally {
      await other.close();
      if (database.db === undefined) await all.destroy();
    }
  });
}

function openFile(path: string): Kysely<any> {
  return new Kysely<any>({
    dialect: nodeSqliteDialect({ database: () => new DatabaseSync(path) }),
  });
}

/** A configuration whose executor has the policies as a plugin. */
function configOf({ name }: TestDialect, url: string, guarded: readonly string[]): string {
  return `${DIALECTS[name]!(url)}
import { createExecutor } from "@kysera/executor";
import { filter, rlsPlugin } from "@kysera/rls";
import { Kysely } from "kysely";
console.log("what a file of the project prints is not the protocol");
const policies = [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))];
const schema = Object.fromEntries(${JSON.stringify(guarded)}.map((name) => [name, { policies }]));
export default {
  database: { kysely: () => createExecutor(new Kysely({ dialect }), [rlsPlugin({ schema })]) },
};`;
}

/** A configuration whose executor tells PostgreSQL who is asking. */
function nativeConfig(url: string): string {
  return `${DIALECTS.postgres!(url)}
import { createExecutor } from "@kysera/executor";
import { nativeRLSPlugin } from "@kysera/rls/native";
import { Kysely } from "kysely";
export default {
  database: { kysely: () => createExecutor(new Kysely({ dialect }), [nativeRLSPlugin()]) },
};`;
}

/** The code that makes the dialect of a database. */
const DIALECTS: Readonly<Partial<Record<TestDialect["name"], (url: string) => string>>> = {
  sqlite: () => `
import { nodeSqliteDialect } from "@kysera/dialects";
import { DatabaseSync } from "node:sqlite";
const path = new URL("app.db", import.meta.url).pathname;
const dialect = nodeSqliteDialect({ database: () => new DatabaseSync(path) });`,
  postgres: (url) => `
import { pgDialect } from "@kysera/dialects";
import pg from "pg";
const pool = new pg.Pool({ connectionString: ${JSON.stringify(url)}, max: 2 });
const dialect = pgDialect({ pool });`,
  mysql: (url) => `
import { mysql2Dialect } from "@kysera/dialects";
import mysql from "mysql2";
const pool = mysql.createPool({ uri: ${JSON.stringify(url)}, timezone: "Z", connectionLimit: 2 });
const dialect = mysql2Dialect({ pool });`,
};
