import assert from "node:assert/strict";
import { relative } from "node:path";
import { describe, it } from "node:test";
import { withDatabase } from "../../_testing/databases.ts";
import { assertCompiles, runTests, whyNoCompiler } from "../../_testing/generated.ts";
import { commandLine, type Project, withProject } from "../../_testing/program.ts";
import { inTerminal, whyNoTerminal } from "../../_testing/terminal.ts";
import { onEveryDialect, type TestDialectName } from "../../../tests/support/matrix.ts";
import { runsAll } from "../../../tests/support/random.ts";

/** Tables of every kind that code is written for. */
const SCRIPTS: Readonly<Record<Exclude<TestDialectName, "pglite">, string>> = {
  sqlite: `
    create table teams (
      id integer primary key, name varchar(50) not null unique, deleted_at text
    );
    create table users (
      id integer primary key, team_id integer not null references teams (id),
      manager_id integer references users (id), email text not null unique,
      status text not null default 'active' check (status in ('active', 'blocked')),
      age integer check (age >= 18 and age < 150), score real not null check (score > 0),
      born date, settings json not null, picture blob, is_admin boolean not null default 0,
      total numeric(10, 2), upper_email text generated always as (upper(email)),
      created_at text not null default current_timestamp, updated_at text, deleted_at text
    );
    create table memberships (
      team_id integer not null references teams (id), user_id integer not null references users (id),
      role text not null check (length(role) > 3), primary key (team_id, user_id)
    ) without rowid;
    create table logs (line text not null, at datetime not null, extra);
    create view active_users as select id, email, 1 + 1 as two from users where status = 'active';
    create table "default" (
      "a b" integer primary key, "select" text not null, "m²" text, "ключ" text, "class" text
    );
    create table "order items" (id text primary key not null, "order items" integer not null);
    create table order_items (
      id integer primary key, quantity integer not null check (quantity between 1 and 9)
    );
    create table "a.b" (id integer primary key);
    create table chickens (id integer primary key, egg_id integer not null references eggs (id));
    create table eggs (id integer primary key, chicken_id integer not null references chickens (id));
    create table users_test (id integer primary key, "constructor" text not null, "x.y" text);
    create table "Naïve" (id uuid primary key, "new" text not null);
    create table only_keys (id integer primary key);`,
  postgres: `
    create type mood as enum ('happy', 'sad "x"');
    create domain email as text check (value like '%@%');
    create domain percentage as numeric(5, 2) check (value >= 0 and value <= 100);
    create table teams (
      id bigint generated always as identity primary key, name varchar(50) not null unique,
      deleted_at timestamptz
    );
    create table users (
      id uuid primary key default gen_random_uuid(), team_id bigint not null references teams (id),
      manager_id uuid references users (id), email email not null unique,
      status text not null default 'active' check (status in ('active', 'blocked')),
      age smallint check (age >= 18 and age < 150), score real not null check (score > 0),
      share percentage not null, born date not null, at timestamp not null, settings jsonb not null,
      pieces json[], picture bytea not null, is_admin boolean not null default false,
      mood mood not null, moods mood[] not null, tags text[] not null, numbers int8[],
      i interval not null, p point not null, ip inet not null, span int4range not null,
      code char(4) not null, flags bit(3) not null, vector tsvector not null,
      upper_email text generated always as (upper(email)) stored,
      created_at timestamptz not null default now(), updated_at timestamptz, deleted_at timestamptz
    );
    comment on table users is 'Who may */ log in';
    create table memberships (
      team_id bigint references teams (id), user_id uuid references users (id),
      role varchar(20) not null check (length(role) > 3), primary key (team_id, user_id)
    );
    create table logs (line text not null, at timestamptz not null default now());
    create view active_users as select id, email from users where status = 'active';
    create materialized view user_count as select count(*) as n from users;
    create table "default" (
      "a b" serial primary key, "select" text not null, "m²" text, "ключ" text, "class" text
    );
    create table "order items" (id text primary key, "order items" integer not null);
    create table order_items (
      id smallint primary key, quantity integer not null check (quantity between 1 and 9),
      kind varchar(10) not null check (kind in ('a', 'b') and kind <> 'c')
    );
    create table "a.b" (id integer primary key);
    create table things (id integer primary key, at point not null, box box not null);
    create table parts (id int not null, at date not null, primary key (id, at))
      partition by range (at);
    create table parts_1 partition of parts for values from ('2025-01-01') to ('2030-01-01');
    create table "Naïve" (id numeric(20) primary key, "new" text not null);
    create table naïve (id integer generated by default as identity primary key);`,
  mysql: `
    create table teams (
      id bigint unsigned not null auto_increment primary key, name varchar(50) not null unique,
      deleted_at datetime
    );
    create table users (
      id uuid not null default uuid() primary key, team_id bigint unsigned not null,
      manager_id uuid, email varchar(100) not null unique,
      status varchar(20) not null default 'active' check (status in ('active', 'blocked')),
      age tinyint unsigned check (age >= 18 and age < 150), score double not null check (score > 0),
      born date not null, at datetime not null, settings json not null, picture blob not null,
      is_admin tinyint(1) not null default 0, mood enum('happy', 'sad "x"') not null,
      flags set('a', 'b') not null, total decimal(10, 2) not null, y year not null,
      t time not null, upper_email varchar(100) generated always as (upper(email)),
      created_at timestamp not null default current_timestamp, updated_at datetime,
      deleted_at datetime, foreign key (team_id) references teams (id),
      foreign key (manager_id) references users (id)
    ) comment 'Who may */ log in';
    create table memberships (
      team_id bigint unsigned not null, user_id uuid not null,
      role varchar(20) not null check (char_length(role) > 3), primary key (team_id, user_id),
      foreign key (team_id) references teams (id), foreign key (user_id) references users (id)
    );
    create table logs (line text not null, at timestamp not null default current_timestamp);
    create view active_users as select id, email from users where status = 'active';
    create table \`default\` (
      \`a b\` int auto_increment primary key, \`select\` text not null, \`m²\` text, \`ключ\` text,
      class text
    );
    create table \`order items\` (id varchar(20) primary key, \`order items\` int not null);
    create table order_items (
      id smallint primary key, quantity int not null check (quantity between 1 and 9)
    );
    create table things (id int primary key, at point not null);
    create table \`Naïve\` (id decimal(20) primary key, \`new\` text not null);`,
};

const LEFT_OUT = '"a.b" is left out: Kysely reads its name as that of something else';

/** What is said of them. */
const WARNINGS: Readonly<Record<keyof typeof SCRIPTS, readonly string[]>> = {
  sqlite: [
    LEFT_OUT,
    'A test of "chickens" is skipped: a row of "eggs" needs one of "chickens", which cannot be ' +
    "added first: add them here.",
    'A test of "eggs" is skipped: a row of "chickens" needs one of "eggs", which cannot be added ' +
    "first: add them here.",
  ],
  postgres: [
    LEFT_OUT,
    'A test of "things" is skipped: no value of "box" of "things" is known: write one.',
  ],
  mysql: [],
};

onEveryDialect("kysera generate repository", (dialect) => {
  const script = SCRIPTS[dialect.name as keyof typeof SCRIPTS];

  /** Writes code for all tables: with the schemas of some by Zod, of the others by Valibot. */
  async function generate(project: Project): Promise<readonly string[]> {
    await project.write("migrations/001_a.sql", script);
    const up = await project.json(["migrate", "up"]);
    assert.equal(up.code, 0, up.error?.message);
    // Schemas that are there are kept.
    const zod = ["generate", "schema", "--library", "zod", "--table", "users,order_items,Naïve"];
    assert.equal((await project.json(zod)).code, 0);
    const written = await project.json(["generate", "repository", "--library", "valibot"]);
    assert.equal(written.code, 0, written.error?.message);
    return written.warnings;
  }

  it("writes tests that pass", async () => {
    await withDatabase(dialect, async ({ project, url }) => {
      const warnings = await generate(project);
      assert.deepEqual(warnings, WARNINGS[dialect.name as keyof typeof WARNINGS]);
      await runTests(project, dialect.name === "sqlite" ? {} : { DATABASE_URL: url });

      // Nothing has changed, so nothing is written.
      const again = await project.json(["generate", "repository", "--library", "valibot"]);
      assert.deepEqual(
        [...new Set(again.data.files.map(({ action }: { action: string }) => action))].sort(),
        ["keep", "none"],
      );
    });
  });

  // PostgreSQL has the most types.
  const skip = whyNoCompiler() || (dialect.name !== "postgres" && !runsAll() && "--full runs it");
  it("writes code that type-checks", { skip }, async () => {
    await withDatabase(dialect, async ({ project }) => {
      await generate(project);
      const models = await project.json(["generate", "model"]);
      assert.equal(models.code, 0, models.error?.message);
      await assertCompiles(project, "src/", "test/");
    });
  });
}, ["sqlite", "postgres", "mysql"]);

describe("kysera generate", () => {
  const SCRIPT = `
    create table users (
      id integer primary key, email varchar(50) not null, role text not null default 'guest'
        check (role in ('guest', 'admin')),
      created_at text not null default current_timestamp, deleted_at text
    );
    create table posts (id integer primary key, user_id integer not null references users (id));`;

  async function withUsers(test: (project: Project) => Promise<void>): Promise<void> {
    await withProject(async (project) => {
      await project.write(
        "kysera.config.json",
        '{ "database": { "connection": "sqlite:app.db" } }',
      );
      await project.write("migrations/001_a.sql", SCRIPT);
      assert.equal((await project.json(["migrate", "up"])).code, 0);
      await test(project);
    });
  }

  it("schema writes Zod schemas, or Valibot where the project has that", async () => {
    await withUsers(async (project) => {
      const { code, stdout, stderr } = await project.kysera(["generate", "schema", "users"]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "Wrote src/schemas/users.ts\n");
      assert.match(stderr, /The project does not have zod: run `/);
      assert.equal(
        await project.read("src/schemas/users.ts"),
        `import * as z from "zod";

/** A row of "users". */
export const UserSchema = z.object({
  id: z.int(),
  email: z.string(),
  role: z.string(),
  created_at: z.string(),
  deleted_at: z.string().nullable(),
});

/** What a new row of "users" is made of. */
export const NewUserSchema = z.strictObject({
  email: z.string().max(50),
  role: z.enum(["guest", "admin"]).optional(),
  deleted_at: z.string().nullish(),
});

/** What may be changed of a row of "users". */
export const UserChangesSchema = NewUserSchema.partial();
`,
      );
      await project.write(
        "package.json",
        '{ "type": "module", "dependencies": { "valibot": "1" } }',
      );
      const options = ["--no-strict", "--no-timestamps", "--soft-delete", "--force"];
      const valibot = await project.json(["generate", "schema", "users", ...options]);
      assert.equal(valibot.data.library, "valibot");
      assert.deepEqual(valibot.data.files.map(({ action }: { action: string }) => action), [
        "overwrite",
      ]);
      assert.match(
        await project.read("src/schemas/users.ts"),
        /NewUserSchema = v\.object\(\{\n {2}email: .*\n {2}role: .*\n {2}created_at: .*\n\}\);/,
      );
    });
  });

  it("model writes types, and the file of types where it is not there", async () => {
    await withUsers(async (project) => {
      assert.equal((await project.json(["g", "model", "users", "--soft-delete"])).code, 0);
      assert.equal(
        await project.read("src/models/users.ts"),
        `import type { Insertable, Selectable, Updateable } from "kysely";
import type { DB } from "../types.ts";

/** A row of "users". */
export type User = Selectable<DB["users"]>;

/** What a new row of "users" is made of. */
export type NewUser = Omit<Insertable<DB["users"]>, "created_at" | "deleted_at">;

/** What may be changed of a row of "users". */
export type UserChanges = Omit<Updateable<DB["users"]>, "created_at" | "deleted_at">;
`,
      );
      assert.match(await project.read("src/types.ts"), /users: Users;/);
      await project.write("migrations/002_b.sql", "alter table users add column age integer;");
      assert.equal((await project.json(["migrate", "up"])).code, 0);
      const again = await project.json(["generate", "model", "posts", "--types", "src/types.ts"]);
      assert.match(
        again.warnings[0]!,
        /src\/types\.ts is not what the database has, with these options: run/,
      );
      assert.doesNotMatch(await project.read("src/types.ts"), /age/);
    });
  });

  it("crud writes all of a table, and restores rows", async () => {
    await withUsers(async (project) => {
      const crud = [
        ...["generate", "crud", "users", "--with-soft-delete", "--with-validation"],
        ...["--library", "zod"],
      ];
      const { data } = await project.json([...crud, "--output-dir", "app"]);
      const files = data.files.map(({ file }: { file: string }) => relative(project.folder, file));
      assert.deepEqual(files, [
        "app/types.ts",
        "app/models/users.ts",
        "app/schemas/users.ts",
        "app/repositories/users.ts",
        "test/users_test.ts",
        "test/_database.ts",
      ]);
      assert.match(await runTests(project, {}), /restores rows/);
      const posts = await project.json(["generate", "crud", "posts", "--with-soft-delete"]);
      assert.deepEqual([posts.code, posts.error.message], [
        2,
        'Rows of "posts" cannot be restored',
      ]);
    });
  });

  it("repository respects CamelCasePlugin and the Kysely of the configuration", async () => {
    await withUsers(async (project) => {
      await project.write(
        "kysera.config.ts",
        `import { nodeSqliteDialect } from "@kysera/dialects";
import { CamelCasePlugin, Kysely } from "kysely";
import { DatabaseSync } from "node:sqlite";

const path = new URL("app.db", import.meta.url).pathname;
export default {
  database: {
    kysely: () =>
      new Kysely<any>({
        dialect: nodeSqliteDialect({ database: new DatabaseSync(path) }),
        plugins: [new CamelCasePlugin()],
      }),
  },
};
`,
      );
      await project.write("kysera.config.json", "{}");
      const config = ["--config", "kysera.config.ts"];
      const written = await project.kysera([...config, "generate", "repository", "--camel-case"]);
      assert.equal(written.code, 0, written.stderr);
      assert.match(await project.read("src/schemas/posts.ts"), /^ {2}userId: z\.int\(\),$/m);
      assert.match(await project.read("test/_database.ts"), /await config\.database!\.kysely!\(\)/);
      assert.match(await runTests(project, {}), /stores rows/);
    });
  });

  it("need not give rows what plugins fill in", async () => {
    await withUsers(async (project) => {
      const filled = ["--filled", "posts.user_id"];
      const types = await project.json(["generate", "types", ...filled]);
      assert.match(types.data.types, /user_id: Generated<number>;/);
      assert.match(types.data.types, /email: string;/);
      const crud = ["generate", "crud", "posts", "--library", "zod", ...filled];
      assert.equal((await project.json(crud)).code, 0);
      assert.match(await project.read("src/schemas/posts.ts"), /user_id: z\.int\(\)\.optional\(\)/);
      assert.match(await project.read("src/types.ts"), /user_id: Generated<number>;/);
      // The database of the tests has no such plugin.
      assert.match(await runTests(project, {}), /stores rows/);
      for (const command of ["types", "schema"]) {
        const { code, error } = await project.json(["generate", command, "--filled", "usr_id"]);
        assert.deepEqual(
          [code, error.message],
          [2, 'There is no column "usr_id" (did you mean "user_id"?)'],
        );
      }
    });
  });

  it("overwrites nothing unless it is told to, and then nothing at all", async () => {
    await withUsers(async (project) => {
      await project.write("src/schemas/users.ts", "export const mine = 1;\n");
      const refused = await project.json(["generate", "schema"]);
      assert.equal(refused.code, 4);
      assert.match(refused.error.message, /^src\/schemas\/users\.ts is there already/);
      await assert.rejects(project.read("src/schemas/posts.ts"));
      const shown = await project.kysera(["generate", "schema", "--dry-run"]);
      assert.equal(shown.code, 0, shown.stderr);
      assert.match(shown.stdout, /^-export const mine = 1;\n\+import \* as z from "zod";$/m);
      assert.match(shown.stdout, /^--- \/dev\/null\t?\n\+\+\+ src\/schemas\/posts\.ts/m);
      assert.equal(await project.read("src/schemas/users.ts"), "export const mine = 1;\n");
      const plan = await project.json(["generate", "schema", "--dry-run"]);
      assert.deepEqual(plan.data.files.map(({ action }: { action: string }) => action), [
        "write",
        "overwrite",
      ]);
      assert.equal((await project.json(["generate", "schema", "--overwrite"])).code, 0);
      assert.match(await project.read("src/schemas/users.ts"), /NewUserSchema/);
    });
  });

  it("asks before it overwrites, in a terminal", { skip: whyNoTerminal() }, async () => {
    await withUsers(async (project) => {
      await project.write("src/schemas/users.ts", "export const mine = 1;\n");
      const command = [...commandLine(), "generate", "schema"];
      const refused = await inTerminal(project, command, ["n"], "Overwrite?");
      assert.equal(refused.code, 4, refused.stdout);
      assert.match(refused.stdout, /Nothing was written: it was not confirmed/);
      assert.equal(await project.read("src/schemas/users.ts"), "export const mine = 1;\n");
      const meant = await inTerminal(project, command, ["y"], "Overwrite?");
      assert.equal(meant.code, 0, meant.stdout);
      assert.match(await project.read("src/schemas/users.ts"), /NewUserSchema/);
    });
  });

  it("refuses tables that do not exist, and says what may be meant", async () => {
    await withUsers(async (project) => {
      for (const command of ["schema", "model", "repository", "crud"]) {
        const { code, error } = await project.json(["generate", command, "user"]);
        assert.deepEqual(
          [code, error.message],
          [2, 'There is no table "user" (did you mean "users"?)'],
        );
      }
      const listed = await project.json(["generate", "schema", "--table", "users,psots"]);
      assert.match(listed.error.message, /"psots" \(did you mean "posts"\?\)/);
      assert.equal((await project.json(["generate", "crud"])).code, 2);
      assert.equal((await project.json(["generate", "schema", "--library", "yup"])).code, 2);
    });
  });

  it("is completed, and says in its help what it takes", async () => {
    await withProject(async (project) => {
      const { stdout } = await project.kysera(["complete", "--", "generate", "re"]);
      assert.match(stdout, /^repository\tWrite repositories/m);
      const library = await project.kysera(["complete", "--", "g", "schema", "--library", ""]);
      assert.match(library.stdout, /^valibot\b/m);
      const help = await project.kysera(["generate", "repository", "--help"]);
      assert.match(help.stdout, /--no-with-validation +validate no inputs\n/);
      assert.match(help.stdout, /\nExamples:\n {2}kysera generate repository users /);
      assert.doesNotMatch(help.stdout, / --with-validation/);
    });
  });
});
