import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrowsOf, assertLayers, assertNoCircle } from "./_layers.ts";

/** What users write, and are told: types, errors, options. */
const CONTRACT: readonly string[] = [
  "adopt.ts",
  "batch.ts",
  "errors.ts",
  "migration.ts",
  "migration_observer.ts",
  "options.ts",
  "problem.ts",
  "results.ts",
];
/** How migrations are written down. */
const AUTHORING: readonly string[] = [
  "batches.ts",
  "create_migration.ts",
  "create_migration_with_meta.ts",
  "create_sql_migration.ts",
  "define_migrations.ts",
  "irreversible.ts",
];

/** The folders of migrations, the files beside them, and what each may import. Arrows point down. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["runner", "plugins", "expand", ...AUTHORING, ...CONTRACT],
  // What is dangerous in pending migrations.
  lint: ["runner", "schema", "run", "sql", "irreversible.ts", ...CONTRACT],
  // Migrations in files.
  files: ["create_sql_migration.ts", "irreversible.ts", "run", "flyway", "sql", ...CONTRACT],
  // The schema of a database as plain data, and what the migrations make of it.
  schema: ["runner", "create_sql_migration.ts", "run", "dialect", "sql", ...CONTRACT],
  // Plugins of a runner.
  plugins: ["runner", ...CONTRACT],
  // What users call.
  runner: ["adopt", "run", "history", ...CONTRACT],
  // Steps of changes that programs of two versions live through.
  expand: ["irreversible.ts", "run", ...CONTRACT],
  "batches.ts": ["run", ...CONTRACT],
  "create_migration.ts": CONTRACT,
  "create_migration_with_meta.ts": CONTRACT,
  "create_sql_migration.ts": ["sql", ...CONTRACT],
  "define_migrations.ts": CONTRACT,
  "irreversible.ts": CONTRACT,
  // Histories of other tools.
  adopt: ["run", "history", "dialect", "flyway", ...CONTRACT],
  // How migrations run: the lock, transactions, statements, plans.
  run: ["history", "dialect", "sql", ...CONTRACT],
  // The runner's tables, and those of other runners.
  history: ["dialect", ...CONTRACT],
  // What the runner has to know of each dialect.
  dialect: ["sql"],
  // What names of Flyway's files say.
  flyway: [],
  // How text of SQL is read, and run.
  sql: [],
  "errors.ts": ["migration.ts", "problem.ts", "results.ts"],
  "migration_observer.ts": ["migration.ts"],
  "results.ts": ["migration.ts", "problem.ts"],
  "adopt.ts": [],
  "batch.ts": [],
  "migration.ts": [],
  "options.ts": [],
  "problem.ts": [],
};

/** The same of the folder that reads, compares and rebuilds schemas. */
const SCHEMA_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["diff", "drift", "dump", "proof", "read", "scratch", "snapshot", "squash"],
  // One migration in place of many, and a history for what had none.
  squash: ["diff", "drift", "dump", "read", "scratch", "snapshot"],
  // The database against what the migrations make.
  drift: ["diff", "read", "scratch", "snapshot"],
  // Whether `down` undoes `up`.
  proof: ["diff", "read", "scratch", "snapshot"],
  // A schema as a script.
  dump: ["read", "snapshot"],
  diff: ["snapshot"],
  // What each catalog says.
  read: ["snapshot"],
  scratch: [],
  snapshot: [],
};

const arrows = arrowsOf("@kysera/migrations");

describe("the folders of migrations", () => {
  it("are those of the table, and import from the folders below them only, types included", () => {
    assertLayers(arrows, MAY_IMPORT);
  });

  it("are parted within the folder of schemas, too", () => {
    const inside = arrows.flatMap(({ from, to, typeOnly }) =>
      [from, to].every((path) => path.startsWith("schema/"))
        ? [{ from: from.slice("schema/".length), to: to.slice("schema/".length), typeOnly }]
        : []
    );
    assertLayers(inside, SCHEMA_MAY_IMPORT);
  });

  it("have no circle of imports at run time", () => {
    assert.ok(assertNoCircle(arrows) > 50);
  });
});
