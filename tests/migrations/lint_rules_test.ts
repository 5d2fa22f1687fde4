import { createSqlMigration, type Migration } from "@kysera/migrations";
import { LINT_RULES, lintMigrations } from "@kysera/migrations/lint";
import {
  DummyDriver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { parse } from "libpg-query";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Example, type ExampleMigration, EXAMPLES } from "./_lint_examples.ts";
import { snapshotOf, TABLES } from "./_lint_schema.ts";

const SNAPSHOT = snapshotOf(TABLES);
/** What the rules of the history find, the tests of the linter on databases show. */
const ELSEWHERE = ["edited-after-apply", "out-of-order", "observed-rewrite"];

const PARTS = {
  postgres: [PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler],
  mysql: [MysqlAdapter, MysqlIntrospector, MysqlQueryCompiler],
  sqlite: [SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler],
} as const;

/** A database without rows and tables, for plans alone. */
function emptyDatabase(dialect: Example["dialect"]): Kysely<any> {
  const [Adapter, Introspector, QueryCompiler] = PARTS[dialect];
  return new Kysely<any>({
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new Introspector(db),
      createQueryCompiler: () => new QueryCompiler(),
    },
  });
}

function migrationOf(example: ExampleMigration): Migration {
  if (typeof example === "string") return createSqlMigration("001_example", example);
  if (typeof example === "function") {
    return {
      name: "001_example",
      async up(db) {
        await example(db);
      },
    };
  }
  return { up: () => Promise.resolve(), ...example, name: "001_example" };
}

async function rulesOf(
  example: Example,
  migration: ExampleMigration,
  more = {},
): Promise<string[]> {
  const db = emptyDatabase(example.dialect);
  try {
    const { findings } = await lintMigrations(db, [migrationOf(migration)], {
      snapshot: SNAPSHOT,
      ...example.options,
      ...more,
    });
    for (const { rule, statement, sql } of findings) {
      assert.equal(statement === undefined, sql === undefined, rule);
    }
    return findings.map(({ rule }) => rule);
  } finally {
    await db.destroy();
  }
}

describe("LINT_RULES", () => {
  it("are each shown by an example", () => {
    const shown = new Set([...EXAMPLES.map(({ rule }) => rule), ...ELSEWHERE]);
    const ids = LINT_RULES.map(({ id }) => id);
    assert.deepEqual([...new Set(ids)], ids);
    assert.deepEqual(ids.filter((id) => !shown.has(id)), []);
    assert.deepEqual([...shown].filter((id) => !ids.includes(id)), []);
  });

  it("say in sentences why and what to do instead", () => {
    for (const { id, reason, instead } of LINT_RULES) {
      assert.match(reason, /^[A-Z`].*\.$/, id);
      assert.match(instead, /^[A-Z`].*[.)]$/, id);
    }
  });

  for (const example of EXAMPLES) {
    const { rule, dialect, bad, good, options } = example;
    const version = options?.targetVersion === undefined ? "" : ` ${options.targetVersion}`;
    it(`${rule} [${dialect}${version}]`, async () => {
      assert.ok(LINT_RULES.find(({ id }) => id === rule)?.dialects.includes(dialect));
      for (const [isBad, migrations] of [[true, bad], [false, good]] as const) {
        for (const migration of migrations) {
          const text = typeof migration === "object" ? "a migration" : String(migration);
          const rules = await rulesOf(example, migration);
          assert.equal(rules.includes(rule), isBad, `${text}: ${rules.join(", ")}`);
          const isOff = await rulesOf(example, migration, { rules: { [rule]: "off" } });
          assert.ok(!isOff.includes(rule), text);
          if (dialect !== "postgres") continue;
          // PostgreSQL's own parser reads it as ours does.
          assert.deepEqual(await rulesOf(example, migration, { parse }), rules, text);
        }
      }
    });
  }
});
