import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { PGlite } from "@electric-sql/pglite";
import init from "@sqlite.org/sqlite-wasm";
import { bindContext } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import { pgliteEngine } from "../engine/pglite_engine.ts";
import { sqliteEngine } from "../engine/sqlite_engine.ts";
import type { AttributedToken } from "../sql/attribute.ts";
import { type Engine, type Program, programOf } from "./program.ts";
import { type RunOptions, type RunOutcome, runProgram } from "./run_program.ts";

const PRESETS = join(import.meta.dirname!, "../../presets");
const ATTEMPTS = readdirSync(join(PRESETS, "attempts")).sort();
const EVERYTHING = "plugins_everything.ts";
const data = process.env["KYSERA_TEST_PGLITE_DATA"];

/** The attempts that do not end with `filtered`. */
const VERDICTS: Readonly<Record<string, RunOutcome["verdict"]>> = {
  "19_update_or.ts": "protected",
  "20_move_tenant.ts": "refused",
  "22_delete_all.ts": "protected",
  "24_insert_tenant.ts": "refused",
  "26_insert_select.ts": "protected",
  "27_upsert.ts": "protected",
  "32_raw_sql.ts": "refused",
  "33_raw_subquery.ts": "refused",
  "35_compiled_query.ts": "refused",
  "40_no_tenant.ts": "refused",
  "99_escape_hatch.ts": "reached",
};

const ENGINES: Readonly<
  Record<
    string,
    { skip?: string; open(): Promise<[Engine, () => Promise<void>]> }
  >
> = {
  sqlite: {
    async open() {
      const sqlite3 = await init();
      // Every refused statement would be told on the console.
      Object.assign(sqlite3.config, { warn: () => {}, error: () => {} });
      return [sqliteEngine(sqlite3), () => Promise.resolve()];
    },
  },
  postgres: {
    async open() {
      const options = data === undefined
        ? {}
        : { loadDataDir: new Blob([new Uint8Array(readFileSync(data))]) };
      const pglite = await PGlite.create(options);
      return [await pgliteEngine(pglite), () => pglite.close()];
    },
  },
};

for (const [name, { open }] of Object.entries(ENGINES)) {
  describe(`runProgram() on ${name}`, () => {
    let engine: Engine;
    let close: () => Promise<void>;
    before(async () => {
      [engine, close] = await open();
    });
    after(() => close());

    for (const file of ATTEMPTS) {
      it(`gives a sound verdict on ${file}`, async () => {
        const { verdict, facts } = await run(engine, file);
        assert.equal(verdict, VERDICTS[file] ?? "filtered");
        assert.equal(facts.hidden, 7);
        assert.equal(facts.hiddenChanged, 0);
      });
    }

    for (
      const preset of [
        "everything",
        "soft_delete",
        "rls",
        "audit",
        "timestamps",
      ]
    ) {
      it(`runs the preset ${preset}`, async () => {
        const { guarded, verdict, statements } = await run(
          engine,
          `query_${preset}.ts`,
          `plugins_${preset}.ts`,
        );
        assert.notEqual(guarded.kind, "error", JSON.stringify(guarded));
        assert.ok(["filtered", "protected"].includes(verdict), verdict);
        assert.ok(statements.length > 0);
      });
    }

    it("shows the rows of raw SQL", async () => {
      const { alone } = await run(engine, "32_raw_sql.ts");
      assert.equal(alone.kind === "rows" && alone.total, 8);
    });

    it("finds out that a program changed hidden rows", async () => {
      const { verdict, facts } = await run(engine, async (db) => {
        const { getRawDb } = await import("@kysera/executor");
        return await getRawDb(db).updateTable("posts").set({ title: "Hacked" })
          .execute();
      });
      assert.equal(verdict, "reached");
      // Eve's draft, the deleted post, and those of tenant 2.
      assert.equal(facts.hiddenChanged, 4);
    });

    it("names the plugin of each change of the SQL", async () => {
      const { queries } = await run(
        engine,
        (db) => db.selectFrom("posts as p").select("p.id").where("p.id", ">", 0),
      );
      const { before, after } = queries[0]!.sql!;
      assert.ok(before.every(({ plugin }) => plugin === undefined));
      assert.match(
        textOf(after, "@kysera/soft-delete"),
        /"p"\."deleted_at" is null/,
      );
      assert.match(textOf(after, "@kysera/rls"), /"p"\."tenant_id" =/);
      assert.match(
        textOf(after, undefined),
        /^select "p"."id" from "posts" as "p" where/,
      );
      assert.deepEqual(queries[0]!.extendedBy, []);
      const rules = queries[0]!.references[0]!.rules;
      assert.deepEqual(rules.map(({ plugin, hook }) => [plugin, hook]), [
        ["@kysera/rls", "filter"],
        ["@kysera/soft-delete", "filter"],
      ]);
    });

    it("shows subqueries as they were written, and rewritten once", async () => {
      const { queries } = await run(
        engine,
        (db) =>
          db.selectFrom("comments as c").select("c.id")
            .where("c.post_id", "in", db.selectFrom("posts").select("id")),
      );
      const { before, after } = queries[0]!.sql!;
      assert.doesNotMatch(
        before.map(({ text }) => text).join(" "),
        /deleted_at|tenant_id/,
      );
      assert.equal(
        after.filter(({ text }) => /deleted_at/.test(text)).length,
        1,
      );
    });

    it("names the plugin that refused a query", async () => {
      const { queries } = await run(
        engine,
        (db) => sql`delete from posts`.execute(db),
      );
      const raw = queries[0]!;
      assert.equal(raw.refusal?.plugin, "@kysera/rls");
      assert.equal(raw.refusal?.error.name, "RawSqlError");
    });

    it("shows a DELETE that became an UPDATE", async () => {
      const { queries, statements } = await run(
        engine,
        (db) => db.deleteFrom("posts").where("id", "=", 1),
      );
      const { before, after } = queries[0]!.sql!;
      assert.equal(textOf(before, "@kysera/soft-delete"), "delete from");
      assert.match(textOf(after, "@kysera/soft-delete"), /^update set "deleted_at" =/);
      assert.deepEqual(queries[0]!.extendedBy, ["@kysera/audit"]);
      const sent = statements.map(({ sql }) => sql.replace(/\s+/g, " "));
      assert.ok(sent.some((sql) => /insert into "audit_logs"/.test(sql)));
      // PostgreSQL writes the entries in the statement itself.
      assert.equal(sent.some((sql) => /^begin/.test(sql)), name === "sqlite");
    });

    it("leaves plugins out, and runs as another principal", async () => {
      const titles = (db: Kysely<any>) => db.selectFrom("posts").select("title").orderBy("id");
      const zoe = await run(engine, titles, EVERYTHING, {
        principal: "Zoe, author of tenant 2",
      });
      assert.equal(zoe.principal, "Zoe, author of tenant 2");
      assert.equal(rowsOf(zoe), 2);
      const open = await run(engine, titles, EVERYTHING, {
        without: ["@kysera/rls"],
      });
      assert.equal(rowsOf(open), 7);
      assert.deepEqual(open.plugins.filter(({ isOn }) => !isOn), [
        { name: "@kysera/rls", isOn: false },
      ]);
      const nobody = await run(engine, titles, EVERYTHING, {
        principal: "nobody: no context is bound",
      });
      assert.equal(nobody.verdict, "refused");
    });

    it("explains queries of transactions and of other contexts", async () => {
      const { queries, guarded } = await run(
        engine,
        (db) =>
          db.transaction().execute(async (trx) => {
            const zoe = bindContext(trx, {
              auth: { userId: 3, roles: [], tenantId: 2 },
            });
            await trx.selectFrom("posts").select("id").execute();
            return await zoe.selectFrom("posts").select("id").execute();
          }),
      );
      assert.equal(queries.length, 2);
      const tenants = queries.map(({ parameters }) => parameters.map(({ text }) => text));
      assert.ok(tenants[0]!.includes("1") && !tenants[0]!.includes("2"));
      assert.ok(tenants[1]!.includes("2") && !tenants[1]!.includes("1"));
      assert.equal(guarded.kind === "rows" && guarded.total, 2);
    });

    it("tells what the program throws, and that it was no refusal", async () => {
      const { verdict, guarded } = await run(engine, () => {
        throw new RangeError("mine");
      });
      assert.equal(verdict, "failed");
      assert.deepEqual(guarded, {
        kind: "error",
        error: { name: "RangeError", message: "mine", code: undefined },
      });
    });
  });
}

async function run(
  engine: Engine,
  query: Program["query"] | string,
  plugins: string = EVERYTHING,
  options: Partial<RunOptions> = {},
): Promise<RunOutcome> {
  const load = async () =>
    programOf(
      await import(join(PRESETS, "schema.ts")),
      await import(join(PRESETS, plugins)),
      typeof query !== "string" ? { default: query } : await import(
        join(PRESETS, query.startsWith("query_") ? "" : "attempts", query)
      ),
    );
  return await runProgram(engine, load, {
    principal: undefined,
    without: [],
    ...options,
  });
}

function rowsOf({ guarded }: RunOutcome): number {
  assert.equal(guarded.kind, "rows", JSON.stringify(guarded));
  return guarded.kind === "rows" ? guarded.total : 0;
}

function textOf(
  tokens: readonly AttributedToken[],
  plugin: string | undefined,
): string {
  return tokens.filter((token) => token.plugin === plugin).map(({ text }) => text).join(" ");
}
