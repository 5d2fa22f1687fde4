import { type Kysely, sql } from "kysely";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ComparedDatabase } from "./_databases.ts";
import type { ToolName, Tools } from "./_tools.ts";

/** What an ability is tried with. */
interface Bench {
  readonly tools: Tools;
  /** The database of the program that is tried. */
  readonly database: ComparedDatabase;
}

/** Tries an ability; resolves to whether it is there. */
type Try = (bench: Bench) => Promise<boolean>;

/** Something that one may want of a program. */
interface Ability {
  readonly title: string;
  /** How it is tried; a program that has no command for it is left out. */
  readonly tries: Partial<Record<ToolName, Try>>;
}

/** An ability, and who has it; `undefined` is without a command. */
export interface TriedAbility {
  readonly title: string;
  readonly found: Readonly<Record<ToolName, boolean | undefined>>;
}

const MIGRATION = `import type { Kysely } from "kysely";

export async function up(db: Kysely<any>): Promise<void> {
  await db.schema.createTable("tried").addColumn("id", "integer", (c) => c.primaryKey()).execute();
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable("tried").execute();
}
`;
/** The same migration, with another body. */
const CHANGED = MIGRATION.replace('"integer"', '"bigint"');
const SEED = `import type { Kysely } from "kysely";

export async function seed(db: Kysely<any>): Promise<void> {
  await db.insertInto("tried").values({ id: 1 }).execute();
}
`;

const ctl = (...args: string[]) => async ({ tools }: Bench) =>
  (await tools.run("kysely-ctl", args)).code === 0;
const codegen = (...args: string[]) => async ({ tools, database }: Bench) =>
  (await tools.run("kysely-codegen", [...database.codegen, ...args])).code === 0;
const kysera = (...args: string[]) => async ({ tools, database }: Bench) =>
  (await kyseraRun({ tools, database }, args)).code === 0;
const and = (...tries: readonly Try[]): Try => async (bench) => {
  for (const each of tries) if (!await each(bench)) return false;
  return true;
};
const not = (each: Try): Try => async (bench) => !await each(bench);
const hasTable: Try = ({ database }) => exists(database.db, "tried");
const hasRow: Try = async ({ database: { db } }) =>
  (await db.selectFrom("tried").selectAll().execute()).length === 1;
const writes = (path: string): Try => ({ tools }) =>
  Promise.resolve(readFileSync(join(tools.folder, path), "utf8").length > 0);
const fileOf = (folder: string, text: string): Try => ({ tools }) => {
  const at = join(tools.folder, folder);
  const [first] = readdirSync(at);
  writeFileSync(join(at, first!), text);
  return Promise.resolve(true);
};

/** What is tried, in this order: what one leaves behind, the next one finds. */
const ABILITIES: readonly Ability[] = [
  {
    title: "write the file of a migration",
    tries: {
      "kysely-ctl": and(ctl("migrate:make", "tried"), fileOf("ctl/migrations", MIGRATION)),
      "kysera": and(
        kysera("migrate", "create", "tried", "--dir", "own/migrations"),
        fileOf("own/migrations", MIGRATION),
      ),
    },
  },
  {
    title: "show the statements of a migration without running them",
    tries: { kysera: and(kysera("migrate", "plan", "--dir", "own/migrations"), not(hasTable)) },
  },
  {
    title: "find what is dangerous in a migration",
    tries: { kysera: kysera("migrate", "lint", "--dir", "own/migrations") },
  },
  {
    title: "fail in CI where migrations are pending",
    tries: {
      "kysely-ctl": not(ctl("migrate:list", "--fail-on-pending")),
      "kysera": async (bench) =>
        (await kyseraRun(bench, [
          ...["migrate", "status", "--dir", "own/migrations", "--fail-on-pending"],
        ])).code === 3,
    },
  },
  {
    title: "apply migrations",
    tries: {
      "kysely-ctl": and(ctl("migrate:latest"), hasTable),
      "kysera": and(kysera("migrate", "up", "--dir", "own/migrations"), hasTable),
    },
  },
  {
    title: "list migrations",
    tries: {
      "kysely-ctl": ctl("migrate:list"),
      "kysera": kysera("migrate", "list", "--dir", "own/migrations"),
    },
  },
  {
    title: "run seeds",
    tries: {
      "kysely-ctl": and(
        ctl("seed:make", "tried"),
        fileOf("ctl/seeds", SEED),
        ctl("seed:run"),
        hasRow,
      ),
      "kysera": and(kysera("db", "seed", "--directory", "ctl/seeds"), hasRow),
    },
  },
  {
    title: "run a statement of SQL",
    tries: {
      "kysely-ctl": ctl("sql", "select 1 as one"),
      "kysera": kysera("db", "console", "--query", "select 1 as one"),
    },
  },
  {
    title: "notice that an applied migration was changed",
    tries: {
      // It is applied, and the file is another one now.
      "kysely-ctl": and(
        fileOf("ctl/migrations", CHANGED),
        not(ctl("migrate:latest")),
      ),
      "kysera": and(
        fileOf("own/migrations", CHANGED),
        not(kysera("migrate", "up", "--dir", "own/migrations")),
        fileOf("own/migrations", MIGRATION),
      ),
    },
  },
  {
    title: "undo migrations",
    tries: {
      "kysely-ctl": and(ctl("migrate:down"), not(hasTable)),
      "kysera": and(
        kysera("migrate", "down", "--dir", "own/migrations"),
        not(hasTable),
        kysera("migrate", "up", "--dir", "own/migrations"),
      ),
    },
  },
  {
    title: "prove that `down` undoes `up`, on a scratch database",
    tries: { kysera: kysera("migrate", "verify", "--proof", "--dir", "own/migrations") },
  },
  {
    title: "find where the database is not what the migrations make",
    tries: { kysera: kysera("migrate", "drift", "--dir", "own/migrations") },
  },
  {
    title: "take the history of Kysely's migrator over",
    tries: {
      "kysera": async ({ tools, database }) => {
        // On a database that kysely-ctl has migrated.
        await sql`drop table tried`.execute(database.db);
        for (
          const table of ["kysera_migration", "kysera_migration_lock", "kysera_migration_step"]
        ) {
          await sql`drop table if exists ${sql.table(table)}`.execute(database.db);
        }
        configure(tools, database);
        return await ctl("migrate:latest")({ tools, database }) &&
          await kysera("migrate", "adopt", "--dir", "ctl/migrations")({ tools, database });
      },
    },
  },
  {
    title: "write the types of the database",
    tries: {
      "kysely-codegen": and(codegen("--out-file", "types_codegen.ts"), writes("types_codegen.ts")),
      "kysera": and(
        kysera("generate", "types", "-o", "types_kysera.ts"),
        writes("types_kysera.ts"),
      ),
    },
  },
  {
    title: "fail in CI where the types are not up to date",
    tries: {
      "kysely-codegen": and(
        codegen("--out-file", "types_codegen.ts", "--verify"),
        changed("more_codegen"),
        not(codegen("--out-file", "types_codegen.ts", "--verify")),
      ),
      "kysera": and(
        kysera("generate", "types", "-o", "types_kysera.ts", "--verify"),
        changed("more_kysera"),
        not(kysera("generate", "types", "-o", "types_kysera.ts", "--verify")),
      ),
    },
  },
  {
    title: "write schemas of Zod or Valibot",
    tries: { kysera: and(kysera("generate", "schema"), writes("src/schemas/tried.ts")) },
  },
  {
    title: "write repositories, and their tests",
    tries: { kysera: and(kysera("generate", "repository"), writes("test/tried_test.ts")) },
  },
  {
    title: "write policies of row-level security",
    tries: {
      kysera: and(
        kysera("generate", "policies", "--owner-column", "id"),
        writes("src/policies.ts"),
      ),
    },
  },
  {
    title: "look for trouble in the schema, and tell what mends it",
    tries: { kysera: async (bench) => [0, 3].includes((await kyseraRun(bench, ["doctor"])).code) },
  },
  {
    title: "list what there is as JSON",
    tries: {
      "kysely-ctl": async ({ tools }) =>
        isJson((await tools.run("kysely-ctl", ["migrate:list", "--json"])).output),
      "kysera": async (bench) =>
        isJson((await kyseraRun(bench, ["db", "tables", "--json"])).output),
    },
  },
  {
    title: "refuse an option that there is not",
    tries: {
      "kysely-ctl": not(ctl("migrate:list", "--no-such-option")),
      "kysely-codegen": not(codegen("--no-such-option")),
      "kysera": not(kysera("db", "tables", "--no-such-option")),
    },
  },
  {
    title: "complete commands and options in a shell",
    tries: { kysera: kysera("completions", "bash") },
  },
];

/** Tries everything with every program, each on a database of its own. */
export async function tryAbilities(
  tools: Tools,
  open: () => Promise<ComparedDatabase>,
): Promise<TriedAbility[]> {
  const names = ["kysely-ctl", "kysely-codegen", "kysera"] as const;
  for (const folder of ["ctl/migrations", "ctl/seeds", "own/migrations", "src", "test"]) {
    rmSync(join(tools.folder, folder), { recursive: true, force: true });
    mkdirSync(join(tools.folder, folder), { recursive: true });
  }
  const found: Record<ToolName, boolean | undefined>[] = ABILITIES.map(() => ({
    "kysely-ctl": undefined,
    "kysely-codegen": undefined,
    "kysera": undefined,
  }));
  for (const name of names) {
    const database = await open();
    try {
      configure(tools, database);
      if (name === "kysely-codegen") {
        await database.db.schema.createTable("tried").addColumn("id", "integer").execute();
      }
      for (const [i, { tries }] of ABILITIES.entries()) {
        const each = tries[name];
        if (each !== undefined) found[i]![name] = await each({ tools, database });
      }
    } finally {
      await database.close();
    }
  }
  return ABILITIES.map(({ title }, i) => ({ title, found: found[i]! }));
}

/** What kysely-ctl reads. */
function configure(tools: Tools, { url }: ComparedDatabase): void {
  writeFileSync(
    join(tools.folder, "kysely.config.ts"),
    `import { PostgresDialect } from "kysely";
import { defineConfig } from "kysely-ctl";
import pg from "pg";

export default defineConfig({
  dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: ${JSON.stringify(url)} }) }),
  migrations: { migrationFolder: "ctl/migrations" },
  seeds: { seedFolder: "ctl/seeds" },
});
`,
  );
}

async function kyseraRun(
  { tools, database }: Bench,
  args: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  return await tools.run("kysera", [...args, "--url", database.url]);
}

function changed(table: string): Try {
  return async ({ database }) => {
    await database.db.schema.createTable(table).addColumn("id", "integer").execute();
    return true;
  };
}

async function exists(db: Kysely<any>, table: string): Promise<boolean> {
  return (await db.introspection.getTables()).some(({ name }) => name === table);
}

function isJson(output: string): boolean {
  try {
    return typeof JSON.parse(output) === "object";
  } catch {
    return false;
  }
}
