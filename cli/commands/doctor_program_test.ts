import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sql } from "kysely";
import { assertSarif } from "../../tests/support/sarif.ts";
import { onEveryDialect, type TestDialect } from "../../tests/support/matrix.ts";
import { type ProjectDatabase, withDatabase } from "../_testing/databases.ts";
import { executorConfig } from "../_testing/executor_config.ts";
import { type Project, withProject } from "../_testing/program.ts";

const HEAD = `
import { auditPlugin } from "@kysera/audit";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
const schema = defineRLSSchema({
  posts: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
  notes: { policies: [allow("all", (ctx) => ({ author_id: ctx.auth.userId }))] },
});`;

/** Configures an executor on a database with tables. */
async function fill(
  { project, url }: ProjectDatabase,
  dialect: TestDialect,
  { script, plugins, more = "" }: {
    readonly script: string;
    readonly plugins: string;
    readonly more?: string;
  },
): Promise<void> {
  await project.write("migrations/001_a.sql", script);
  const up = await project.json(["migrate", "up", "--url", url]);
  assert.equal(up.code, 0, up.error?.message);
  await project.write(
    "kysera.config.mjs",
    executorConfig(dialect, url, { head: HEAD, plugins, more }),
  );
  await project.removeFile("kysera.config.json");
}

/** Runs it, and returns what each check has found. */
async function findings(
  project: Project,
  args: readonly string[] = [],
): Promise<Map<string, string[]>> {
  const { data, error } = await project.json(["doctor", ...args]);
  assert.ok(data, error?.message);
  const found = new Map<string, string[]>();
  for (const { check, message, fix } of data.findings) {
    found.set(check, [...found.get(check) ?? [], `${message}: ${fix}`]);
  }
  return found;
}

const TABLES = `
  create table posts (id bigint not null primary key, tenant_id bigint, at bigint);
  create table notes (id bigint not null primary key, author_id bigint);
  create index notes_author on notes (author_id, id);
  create table invoices (id bigint not null primary key, tenant_id bigint);
  create table log (at bigint);`;

onEveryDialect("kysera doctor", (dialect) => {
  it("looks at what plugins do", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, dialect, {
        script: TABLES,
        plugins: '[rlsPlugin({ schema }), auditPlugin({ tables: ["notes", "log"] })]',
        more: `doctor: { keys: { posts: ["tenant_id", "at"], notes: ["id"], gone: ["id"] },
          keysets: { posts: ["-at", "id"] } }`,
      });
      const found = await findings(project);
      const q = dialect.name === "mysql" ? "`" : '"';
      const text = (id: string) => (found.get(id) ?? []).join("\n").replaceAll(q, '"');
      assert.match(
        text("unindexed-policy"),
        /^.*posts.* compare tenant_id.*: create index .* on "posts" \("tenant_id"\);$/,
      );
      assert.match(text("tenant-without-policy"), /^"invoices" has "tenant_id"/);
      assert.match(
        text("unindexed-keyset"),
        /"posts" are sorted by -at, id.*\("tenant_id", "at" desc, "id" asc\);$/,
      );
      assert.match(
        text("different-key"),
        /"posts" by tenant_id, at, and its key is id: .*primaryKey: "id"\n.*no table "gone"/,
      );
      const audited = text("audited-without-key");
      // What the plugin finds out by itself is an error of its own.
      assert.match(audited, /^"log" is audited, and has no primary key/);

      await project.write(
        "migrations/002_b.sql",
        `create index one on posts (tenant_id, at, id);
         create index two on invoices (tenant_id);`,
      );
      const up = await project.json(["migrate", "up", "--url", database.url]);
      assert.equal(up.code, 0, up.error?.message);
      const other = await findings(project, ["--keyset", "posts=-at,-id"]);
      assert.equal(other.get("unindexed-policy"), undefined);
      assert.equal(other.get("unindexed-keyset"), undefined);
      const renamed = await findings(project, ["--tenant-columns", "author_id,team_id"]);
      assert.equal(renamed.get("tenant-without-policy"), undefined);
      assert.equal((await project.json(["doctor", "--keyset", "posts"])).code, 2);
    });
  });

  it("finds that the executor does not fit the database", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, dialect, {
        script: "create table posts (id bigint not null primary key);",
        plugins: "[rlsPlugin({ schema })]",
      });
      // Nobody closes what the configuration has opened: a process of its own ends with it.
      const { code, stdout } = await project.kysera(["doctor", "--json"]);
      assert.equal(code, 3);
      const { data } = JSON.parse(stdout);
      assert.deepEqual(data.findings.map(({ check }: any) => check), ["refused-executor"]);
      assert.match(data.findings[0].message, /notes/);
      const ignored = await project.kysera(["doctor", "--ignore", "refused-executor"]);
      assert.equal(ignored.code, 0, ignored.stderr);
    });
  });

  it("writes SARIF", async () => {
    await withDatabase(dialect, async (database) => {
      const { project } = database;
      await fill(database, dialect, { script: TABLES, plugins: "[rlsPlugin({ schema })]" });
      const { code, stdout, stderr } = await project.on(dialect)(["doctor", "--sarif"]);
      assert.equal(code, 3, stderr);
      const log = JSON.parse(stdout);
      assertSarif(log);
      const [{ results, tool: { driver: { rules } } }] = log.runs;
      const found = results.find(({ ruleId }: any) => ruleId === "tenant-without-policy");
      assert.equal(found.level, "warning");
      assert.match(found.message.text, /"invoices".*Instead: /s);
      assert.equal(rules[found.ruleIndex].id, "tenant-without-policy");
      const [{ physicalLocation, logicalLocations }] = found.locations;
      assert.equal(physicalLocation.artifactLocation.uri, "kysera.config.mjs");
      assert.equal(logicalLocations[0].name, "invoices");
      assert.deepEqual(
        (await project.on(dialect)(["doctor", "--format", "sarif"])).stdout,
        stdout,
      );
    });
  });
}, ["sqlite", "postgres", "mysql"]);

onEveryDialect("kysera doctor", (dialect) => {
  it("finds what reads past policies, and who may empty tables", async () => {
    await withDatabase(dialect, async (database) => {
      const { project, db } = database;
      await fill(database, dialect, {
        script: `${TABLES}
          create table owned (id bigint primary key, owner text);
          alter table owned enable row level security;
          alter table owned force row level security;
          create policy own on owned using (owner = current_user);
          create view seen as select * from owned;
          create view asking with (security_invoker = true) as select * from owned;
          create materialized view stored as select * from owned;
          create view all_posts as select * from posts;
          create function peek() returns bigint language sql security definer as
            'select count(*) from owned';
          create function mine() returns bigint language sql as 'select count(*) from owned';
          create function past() returns bigint language sql as 'select count(*) from posts';
          grant truncate on owned, log to public;`,
        plugins: '[rlsPlugin({ schema, skipTables: ["all_posts"] })]',
      });
      const found = await findings(project);
      const about = (id: string) => (found.get(id) ?? []).map((text) => /"(\w+)"/.exec(text)![1]);
      assert.deepEqual(about("view-past-policies"), ["all_posts", "seen", "stored"]);
      assert.match(
        found.get("unindexed-policy")!.join("\n"),
        /"owned" compare owner.*: create index "owned_owner_index" on "owned" \("owner"\);/,
      );
      assert.match(
        found.get("view-past-policies")!.join(),
        /alter view "seen" set \(security_invoker = true\);/,
      );
      assert.deepEqual(about("function-past-policies"), ["past", "peek"]);
      assert.deepEqual(found.get("truncate-past-policies"), [
        '"public" may empty "owned", which has policies: revoke truncate on "owned" from public;',
      ]);
      await sql`grant create on schema ${sql.id(await currentSchema(database))} to public`
        .execute(db!);
      assert.match((await findings(project)).get("open-schema")![0]!, /revoke create on schema/);
    });
  });
}, ["postgres"]);

async function currentSchema({ db }: ProjectDatabase): Promise<string> {
  const { rows } = await sql<{ name: string }>`select current_schema() as name`.execute(db!);
  return rows[0]!.name;
}

onEveryDialect("kysera doctor", (dialect) => {
  it("looks at the pool and the address of the database", async () => {
    await withDatabase(dialect, async ({ project, url }) => {
      const config = (pool: object, query = "") =>
        project.write(
          "kysera.config.json",
          JSON.stringify({
            database: { connection: query === "" ? url : withQuery(url, query), pool },
          }),
        );
      await config({ max: 100_000, min: 100_001, idleTimeoutMillis: 0 });
      const large = await findings(project);
      assert.match(large.get("wrong-pool")!.join("\n"), /up to 100000 .*\n.*at least 100001/);
      assert.equal(large.has("stale-connections"), dialect.name === "mysql");
      assert.equal(large.has("shared-sessions"), false);
      await config(
        { max: 2, idleTimeoutMillis: 1000 },
        dialect.name === "postgres" ? "pgbouncer=true" : "",
      );
      const small = await findings(project, ["--ignore", "old-server"]);
      assert.equal(small.has("wrong-pool"), false);
      assert.equal(small.has("stale-connections"), false);
      if (dialect.name === "postgres") {
        assert.match(small.get("shared-sessions")![0]!, /names a pooler/);
        assert.ok(small.has("endless-transactions"));
      } else {
        assert.match(small.get("almighty-user")?.[0] ?? "all privileges", /all privileges/);
      }
    });
  });
}, ["postgres", "mysql"]);

function withQuery(text: string, query: string): string {
  return `${text}${text.includes("?") ? "&" : "?"}${query}`;
}

describe("kysera doctor", () => {
  it("finds vulnerabilities of the Kysely that a project has", async () => {
    const versions: readonly [string, readonly string[]][] = [
      ["0.25.0", ["CVE-2026-33468"]],
      ["0.28.11", ["CVE-2026-32763", "CVE-2026-33468", "CVE-2026-44635"]],
      ["0.28.13", ["CVE-2026-33468", "CVE-2026-44635"]],
      ["0.28.16", ["CVE-2026-44635"]],
      ["0.28.17", []],
      ["0.29.0-rc.1", []],
    ];
    for (const [version, expected] of versions) {
      for (const isInstalled of [true, false]) {
        await withProject(async (project) => {
          await project.write("app.db", "");
          await project.write("kysera.config.json", '{"database":{"connection":"sqlite:app.db"}}');
          if (isInstalled) {
            await project.removeFile("node_modules").catch(() => {});
            const manifest = { name: "kysely", version, main: "dist/index.js" };
            await project.write("node_modules/kysely/package.json", JSON.stringify(manifest));
            await project.write("node_modules/kysely/dist/index.js", "");
          } else {
            await project.removeFile("node_modules").catch(() => {});
            const lock = { version: "5", specifiers: { "npm:kysely@^0.28.0": version } };
            await project.write("deno.lock", JSON.stringify(lock));
          }
          const found = (await findings(project)).get("vulnerable-kysely") ?? [];
          assert.deepEqual(found.map((text) => /CVE-[\d-]+/.exec(text)![0]), expected, version);
        });
      }
    }
  });
});
